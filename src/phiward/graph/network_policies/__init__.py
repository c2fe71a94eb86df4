"""Network policies of Kubernetes, Cilium and Calico as one model, so that their union can be judged."""
