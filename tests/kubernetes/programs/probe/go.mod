module flinksec.example/probe

go 1.26.0
