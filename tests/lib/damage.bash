# damage.bash - damage to the files of queues: load lib/damage

# set_id QUEUE ID NEW: the message with that id is stored under another one.  In a leaf page of
# LMDB the length of the key, in 2 bytes, stands in front of it.
set_id() {
	perl -0777 -e '
		my ($file, $id, $new) = @ARGV;
		my ($from, $to) = map { pack("v", 8) . pack("Q>", $_) } $id, $new;
		open my $f, "+<", $file or die "$file: $!";
		local $_ = <$f>;
		s/\Q$from\E/$to/g or die "$file: no message $id";
		seek $f, 0, 0;
		print $f $_;
		close $f or die "$file: $!";
	' "spool/$1/log.mdb" "$2" "$3"
}

# flipped ID BIT: the id with one bit changed.
flipped() {
	perl -e 'printf "%u", $ARGV[0] ^ (1 << $ARGV[1])' "$1" "$2"
}

# way_on: the command that the message on stderr ends with.
way_on() {
	sed -n 's/.*; to go on without it: \(mq-ctl .*\)$/\1/p' <<<"$stderr"
}

# remove_message QUEUE N: takes the N-th message out of the only leaf page that has it, as if it
# had never been stored.  The page's header ends with the offsets of its nodes; `lower' is where
# those end.
remove_message() {
	perl -0777 -e '
		my ($file, $body) = @ARGV;
		open my $f, "+<", $file or die "$file: $!";
		local $_ = <$f>;
		my $done = 0;
		for (my $at = 0; $at < length; $at += 4096) {
			my ($flags, $lower) = unpack "x10 v v", substr $_, $at, 16;
			next unless $flags & 2 && index(substr($_, $at, 4096), $body) >= 0;
			my @nodes = unpack "v*", substr $_, $at + 16, $lower - 16;
			my @kept;
			for my $node (@nodes) {
				my ($lo, $hi, $nf, $ks) = unpack "v4", substr $_, $at + $node, 8;
				my $value = substr $_, $at + $node + 8 + $ks, $lo | $hi << 16;
				push @kept, $node unless $ks == 8 && $value =~ /\Q$body\E$/;
			}
			next if @kept == @nodes;
			substr($_, $at + 12, 2) = pack "v", $lower - 2;
			substr($_, $at + 16, 2 * @nodes) = pack "v*", @kept, 0;
			$done++;
		}
		die "no $body" unless $done;
		seek $f, 0, 0;
		print $f $_;
	' "spool/$1/log.mdb" "m$2"
}
