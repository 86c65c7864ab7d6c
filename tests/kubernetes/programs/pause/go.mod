module flinksec.example/pause

go 1.26.0
