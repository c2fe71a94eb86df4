"""CloudFormation and SAM templates -> resources."""
