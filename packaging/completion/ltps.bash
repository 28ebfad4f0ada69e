# SPDX-License-Identifier: Apache-2.0
# bash completion of ltps; written by packaging/make-completion
_ltps()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local words='' options=''
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W 'serve demo preserve update retrieve delete trace package export import info search validate augment seal path scvp evidence trusted-list policy renewals token link fsck backup restore simulate devpki -h --help --version' -- "$cur"))
		return
	fi
	case $prev in
	--format) COMPREPLY=($(compgen -W 'text json xml' -- "$cur")); return ;;
	--level) COMPREPLY=($(compgen -W 't lt lta' -- "$cur")); return ;;
	--role) COMPREPLY=($(compgen -W 'submitter auditor operator' -- "$cur")); return ;;
	--subject) COMPREPLY=($(compgen -W 'PO Evidence POwithEmbeddedEvidence POwithDetachedEvidence' -- "$cur")); return ;;
	esac
	case ${COMP_WORDS[1]} in
	serve) words='' options='--check --help -c -h' ;;
	demo) words='' options='--dir --help --listen --seconds -h' ;;
	preserve) words='' options='--ca --client-cert --client-key --empty --format --help --mime --profile --progress --quiet --token-file --url -h' ;;
	update) words='' options='--ca --client-cert --client-key --format --help --id --mime --progress --quiet --related --token-file --url -h' ;;
	retrieve) words='' options='--ca --client-cert --client-key --format --help --progress --quiet --subject --token-file --url --version -h -o' ;;
	delete) words='' options='--ca --client-cert --client-key --help --mode --reason --requestor --token-file --url -h' ;;
	trace) words='' options='--ca --client-cert --client-key --format --help --token-file --url -h' ;;
	package) words='' options='--ca --client-cert --client-key --help --partial --progress --quiet --token-file --url -h -o' ;;
	export) words='' options='--ca --client-cert --client-key --help --progress --quiet --token-file --url -h -o' ;;
	import) words='' options='--anchor --beside --ca --cert --check --client-cert --client-key --crl --help --new --ocsp --policy --profile --progress --quiet --time --token-file --url -h' ;;
	info) words='' options='--ca --client-cert --client-key --help --status --token-file --url -h' ;;
	search) words='' options='--ca --client-cert --client-key --help --token-file --url -h' ;;
	validate) words='' options='--anchor --cert --content --content-digest --crl --digest --fetch-local --format --help --ocsp --offline --password-file --policy --progress --quiet --sign-cert --sign-key --sign-module --time -h' ;;
	augment) words='' options='--anchor --cert --content --crl --digest --fetch-local --format --help --level --ocsp --offline --policy --progress --quiet --time --tsa -h -o' ;;
	seal) words='' options='--anchor --cert --certificate --crl --detached --digest --fetch-local --format --help --key --level --mime-type --module --ocsp --offline --password-file --policy --progress --quiet --time --tsa -h -o' ;;
	path) words='' options='--anchor --cert --crl --depth --eku --explain --explicit-policy --fetch --fetch-local --format --help --inhibit-any --inhibit-mapping --initial-policy --key-usage --known --model --no-revocation --ocsp --paths --policy --progress --provider --provider-anchor --provider-cert --quiet --time -h' ;;
	scvp) words='' options='--anchor --by-reference --cert --check --context --crl --eku --explicit-policy --format --full-request --hash --help --inhibit-any --inhibit-mapping --initial-policy --key --key-usage --name --no-cache --no-fetch --no-nonce --now --ocsp --oldest --policy --policy-by-value --policy-request --progress --quiet --read --ref --request --requestor --responder --save-request --save-response --server-anchor --server-cert --server-status --signer --specified-eku --text --time --unsigned --want -h' ;;
	evidence) words='verify' options='--anchor --cert --crl --data --digest --format --help --ocsp --policy --progress --quiet --time -h' ;;
	trusted-list) words='' options='--format --help --signer --time -h' ;;
	policy) words='show list' options='--format --help -h' ;;
	renewals) words='' options='--format --help --object --policy --tenant --time -c -h' ;;
	token) words='add list revoke' options='--help --name --role --tenant --until -c -h' ;;
	link) words='add list revoke' options='--help --name --tenant --until --url -c -h' ;;
	fsck) words='' options='--help --progress --quiet --store -c -h' ;;
	backup) words='' options='--help --progress --quiet --store -c -h' ;;
	restore) words='' options='--help --progress --quiet --store -c -h' ;;
	simulate) words='' options='--beyond --crashes --dir --fault --format --help --keep --objects --progress --quiet --seed --signed --verbose --years -h' ;;
	devpki) words='create issue revoke release rollover need point crl ocsp list serve' options='--by-issuer --by-key --ca --cert-hash --control --cross --days --delta --extension --fixed --freshest --from --hash --help --invalid --issuer --keep-expired --key --kind --listen --name --named --point --pss --reason --reasons --remove --scope --signer --subject --time --tsa --tsa-policy --tsas --until --url -h -o' ;;
	esac
	if [ "${cur#-}" != "$cur" ]; then
		COMPREPLY=($(compgen -W "$options" -- "$cur"))
	elif [ "$COMP_CWORD" -eq 2 ] && [ -n "$words" ]; then
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	else
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}
complete -F _ltps ltps
