"""What service meshes and encrypting networks do for the workloads of a cluster, as their control planes decide it."""
