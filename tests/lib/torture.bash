# torture.bash - the verifier of a torture run is tried: load torture; the run is in $TORTURED

# doctor FILE PROGRAM: an awk program doctors a copy of a file, or of several, in ./doctored.
doctor() {
	local file
	rm -rf doctored
	mkdir doctored
	find "$TORTURED" -maxdepth 1 -type f -exec cp {} doctored \;
	for file in "$TORTURED"/$1; do
		awk "$2" "$file" >"doctored/${file##*/}"
	done
}

# finds TEXT FILE PROGRAM: what verify says, once a file, or several, were doctored.
finds() {
	doctor "$2" "$3"
	run -1 "$TORTURE_BIN/verify" doctored
	assert_output --partial ": not so: $1"
}
