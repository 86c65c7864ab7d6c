// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"

	v1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Packet is what a connection begins with; its addresses say whose it is.
type Packet struct {
	Source      string
	Destination string
	Protocol    v1.Protocol
	Port        int
}

// Case is a cluster, and the packets that are asked about.
type Case struct {
	Namespaces []*v1.Namespace
	Pods       []*v1.Pod
	Policies   []*networkingv1.NetworkPolicy
	Packets    []Packet
}

// Controller is as much of kube-network-policies' own as its evaluator asks for.
type Controller struct {
	config              struct{ NodeName string }
	podLister           podLister
	networkpolicyLister policyLister
	namespaceLister     namespaceLister
}

type (
	podLister       []*v1.Pod
	policyLister    []*networkingv1.NetworkPolicy
	namespaceLister []*v1.Namespace
)

func (all podLister) Pods(namespace string) podLister {
	return in(all, namespace)
}

func (all podLister) List(selector labels.Selector) ([]*v1.Pod, error) {
	return selected(all, selector), nil
}

func (all policyLister) NetworkPolicies(namespace string) policyLister {
	return in(all, namespace)
}

func (all policyLister) List(selector labels.Selector) ([]*networkingv1.NetworkPolicy, error) {
	return selected(all, selector), nil
}

func (all namespaceLister) List(selector labels.Selector) ([]*v1.Namespace, error) {
	return selected(all, selector), nil
}

type object interface {
	GetNamespace() string
	GetLabels() map[string]string
}

func in[T object](all []T, namespace string) []T {
	var found []T
	for _, one := range all {
		if one.GetNamespace() == namespace {
			found = append(found, one)
		}
	}
	return found
}

func selected[T object](all []T, selector labels.Selector) []T {
	var found []T
	for _, one := range all {
		if selector.Matches(labels.Set(one.GetLabels())) {
			found = append(found, one)
		}
	}
	return found
}

// Verdicts says of each packet whether the policies at both ends let it through: first those of
// the pod that sends it, then those of the pod that it is for.
func Verdicts(asked Case) []bool {
	byAddress := map[string]*v1.Pod{}
	for _, pod := range asked.Pods {
		for _, address := range pod.Status.PodIPs {
			byAddress[address.IP] = pod
		}
	}
	for _, policy := range asked.Policies {
		setDefaults(policy)
	}
	for _, pod := range asked.Pods {
		setContainerDefaults(pod)
	}
	c := &Controller{
		podLister:           asked.Pods,
		networkpolicyLister: asked.Policies,
		namespaceLister:     asked.Namespaces,
	}
	ctx := context.Background()
	verdicts := make([]bool, len(asked.Packets))
	for i, one := range asked.Packets {
		const sourcePort = 40000
		source, destination := byAddress[one.Source], byAddress[one.Destination]
		verdicts[i] = c.evaluator(
			ctx, c.getNetworkPoliciesForPod(source), networkingv1.PolicyTypeEgress,
			source, sourcePort, destination, net.ParseIP(one.Destination), one.Port, one.Protocol,
		) && c.evaluator(
			ctx, c.getNetworkPoliciesForPod(destination), networkingv1.PolicyTypeIngress,
			destination, one.Port, source, net.ParseIP(one.Source), sourcePort, one.Protocol,
		)
	}
	return verdicts
}

// setDefaults does what the API server does before it stores a policy: SetDefaults_NetworkPolicy
// and SetDefaults_NetworkPolicyPort of k8s.io/kubernetes/pkg/apis/networking/v1.
func setDefaults(policy *networkingv1.NetworkPolicy) {
	if len(policy.Spec.PolicyTypes) == 0 {
		policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(policy.Spec.Egress) != 0 {
			policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	for _, rule := range policy.Spec.Ingress {
		setPortDefaults(rule.Ports)
	}
	for _, rule := range policy.Spec.Egress {
		setPortDefaults(rule.Ports)
	}
}

func setPortDefaults(ports []networkingv1.NetworkPolicyPort) {
	tcp := v1.ProtocolTCP
	for i := range ports {
		if ports[i].Protocol == nil {
			ports[i].Protocol = &tcp
		}
	}
}

// setContainerDefaults does what SetDefaults_ContainerPort of the API server does.
func setContainerDefaults(pod *v1.Pod) {
	for _, container := range pod.Spec.Containers {
		for i := range container.Ports {
			if container.Ports[i].Protocol == "" {
				container.Ports[i].Protocol = v1.ProtocolTCP
			}
		}
	}
}
