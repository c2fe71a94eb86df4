"""Resources become one graph: catalog applied, satellites attached, references resolved, tenants and data classes."""
