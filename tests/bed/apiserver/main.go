// The control plane of the test bed: five programs in one binary.
//
// kube-apiserver, kube-controller-manager, kubectl, etcd and helm share most of
// their packages, so one link is faster and half the size of five. The name that
// the binary is called by (a symlink beside it) picks the program.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "time/tzdata" // CronJob time zones, on machines without a zone database

	"go.etcd.io/etcd/server/v3/etcdmain"
	helmcmd "helm.sh/helm/v4/pkg/cmd"
	helmkube "helm.sh/helm/v4/pkg/kube"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectlcmd "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	case "kubectl":
		kubectl()
	case "etcd":
		etcdmain.Main(os.Args)
	case "helm":
		os.Exit(helm())
	default:
		fmt.Fprintf(os.Stderr, "%s is none of kube-apiserver, kube-controller-manager, kubectl, etcd, helm\n", name)
		os.Exit(2)
	}
}

func kubectl() {
	if err := cli.RunNoErrOutput(kubectlcmd.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err) // prints as kubectl does, and exits
	}
}

func helm() int {
	helmkube.ManagedFieldsManager = "helm" // else the binary's own name would own the fields
	command, err := helmcmd.NewRootCmd(os.Stdout, os.Args[1:], helmcmd.SetupLogging)
	if err == nil {
		err = command.Execute()
	}
	if exit, ok := errors.AsType[helmcmd.CommandError](err); ok {
		return exit.ExitCode // a plug-in's own code
	}
	if err != nil {
		return 1 // helm has printed it already
	}
	return 0
}
