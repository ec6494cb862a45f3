package docker

// StateLabel is stateLabel.
var StateLabel = stateLabel
