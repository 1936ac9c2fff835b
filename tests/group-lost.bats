#!/usr/bin/env bats
# group-lost.bats - a group whose file is gone and whose status page is there is not begun anew

load lib/common
load lib/expect
load lib/steps

setup_file() {
	steps_setup_file
}

# lose_group: q/g, which has settled 40 of 100, loses its file.
lose_group() {
	seq 100 | mq-pub q
	mq-sub -e -c 40 q/g >/dev/null
	rm "$MQ_SPOOL/q/g.group.mdb"
	remedy="q/g: its file g.group.mdb is gone (mq-ctl -s $MQ_SPOOL salvage q/g makes the group anew where it was; to begin it anew: mq-ctl -s $MQ_SPOOL delete q/g)"
}

@test "every tool says so, with the remedy, and none begins it anew" {
	lose_group
	fails 74 "mq-ctl check: q: $remedy" mq-ctl check q
	assert_output 'q: 100 messages, 1 finding'
	fails 74 "mq-sub: $remedy" mq-sub -e q/g
	assert_output ''
	fails 74 "mq-sub: $remedy" mq-sub -e --from newest q/g
	fails 74 "mq-ctl create: $remedy" mq-ctl create q/g
	fails 74 "mq-ctl create: $remedy" mq-ctl create --if-missing q/g
	fails 74 "mq-ctl show: $remedy" mq-ctl show q/g
	fails 74 "mq-stat: $remedy" mq-stat q/g
	fails 74 "mq-replay: $remedy" mq-replay --rewind q/g --to oldest
	[ ! -e "$MQ_SPOOL/q/g.group.mdb" ]
	# Others are not concerned.
	[ "$(mq-sub -e q/other | wc -l)" = 100 ]
}

@test "salvage: it goes on where it was; retention kept its messages meanwhile" {
	lose_group
	mq-ctl set q retain=0
	mq-ctl trim -q q
	[ "$(mq-replay q | head -n 1)" = 41 ]
	run -74 mq-ctl salvage q/g
	[ "$(mq-sub -e q/g)" = "$(seq 41 100)" ]
	mq-ctl check q
}

@test "delete: then it is begun anew, by mq-sub or by create" {
	lose_group
	mq-ctl delete q/g
	mq-ctl check q
	[ "$(mq-sub -e q/g | wc -l)" = 100 ]
	rm "$MQ_SPOOL/q/g.group.mdb"
	mq-ctl delete q/g
	mq-ctl create --from newest q/g
	run -1 mq-sub -e q/g
	fails 66 'mq-ctl delete: q/none: no such group' mq-ctl delete q/none
}

@test "killed at any step of deleting or making a group: never is one without its file" {
	local step status
	can_be_stepped
	seq 10 | mq-pub q
	for command in delete create; do
		for ((step = 1; ; step++)); do
			if [ $command = delete ]; then
				mq-sub -e q/g >/dev/null || [ $? = 1 ]
			else
				mq-ctl delete -f q/g
			fi
			status=0
			steps KILL "$step" mq-ctl $command q/g 2>said || status=$?
			mq-ctl check q >checked || { echo "$command $step: $(cat checked)" >&2; return 1; }
			[ "$status" = 137 ] || break
		done
		[ "$status" = 0 ] || { cat said >&2; return 1; }
		[ "$step" -gt 3 ]
	done
}

@test "deleted under a consumer that waits: no page is left" {
	mq-pub q a
	mq-sub q/g >got &
	until_true '[ -s got ]'
	mq-ctl delete q/g
	mq-pub q b
	until_true 'ended $!'
	wait $! || :
	mq-ctl check q
	[ ! -e "$MQ_SPOOL/q/g.group.stat" ]
}
