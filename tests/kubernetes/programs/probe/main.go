// SPDX-License-Identifier: Apache-2.0

// Stands in for a workload where only its network matters: `probe listen PORT...` accepts and
// answers on TCP ports, `probe dial HOST:PORT...` says of each whether somebody answered.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

const patience = 2 * time.Second

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: probe listen PORT... | probe dial HOST:PORT...")
		os.Exit(2)
	}
	if os.Args[1] == "listen" {
		listen(os.Args[2:])
	} else {
		dial(os.Args[2:])
	}
}

func listen(ports []string) {
	for _, port := range ports {
		listener, err := net.Listen("tcp", ":"+port)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go answer(listener)
	}
	select {}
}

func answer(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(connection, "here\n")
		_ = connection.Close()
	}
}

func dial(targets []string) {
	answers := make([]string, len(targets))
	var all sync.WaitGroup
	for index, target := range targets {
		all.Add(1)
		go func() {
			defer all.Done()
			answers[index] = ask(target)
		}()
	}
	all.Wait()
	fmt.Println(strings.Join(answers, "\n"))
}

func ask(target string) string {
	connection, err := net.DialTimeout("tcp", target, patience)
	if err != nil {
		return target + " closed"
	}
	_ = connection.Close()
	return target + " open"
}
