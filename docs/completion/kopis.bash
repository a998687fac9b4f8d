# Completion of kopis for bash, made by: kopis completion bash
_kopis() {
    local cur=${COMP_WORDS[COMP_CWORD]} words=
    local at="${COMP_WORDS[1]} ${COMP_WORDS[2]}"
    if ((COMP_CWORD == 1)); then
        words='run install restart check-install queue trace senders status top health metrics summary destinations backup verify restore user domain alias migrate dkim dmarc tlsrpt srs token web certificate acme config doctor completion'
    elif ((COMP_CWORD == 2)); then
        case ${COMP_WORDS[1]} in
        run) words='--delivery --home --pop3 --pop3s --smtp --submission --submissions --web' ;;
        install) words='--home --log --packaged --pages --stage --startable --summary --systemd --uninstall' ;;
        restart) words='--check --home' ;;
        check-install) words='--home --mend' ;;
        queue) words='bounce cat export hold import list release remove reroute retry show' ;;
        trace) words='--follow --json --limit --since --until' ;;
        senders) words='--by --json --limit --since --sort --until' ;;
        status) words='--json' ;;
        top) words='--once' ;;
        health) words='--json' ;;
        metrics) words='--otlp --serve' ;;
        summary) words='--all --day --json --mail' ;;
        destinations) words='--json pause resume retry' ;;
        backup) words='--json --mail --progress' ;;
        verify) words='--json --progress' ;;
        restore) words='--json --progress' ;;
        user) words='add change-password compile list lock passwd-file password quota remove unlock' ;;
        domain) words='add catchall list remove' ;;
        alias) words='add list remove' ;;
        migrate) words='--accept --undo from-postfix from-qmail from-sendmail mailbox step' ;;
        dkim) words='check new remove rotate show' ;;
        dmarc) words='report send' ;;
        tlsrpt) words='report send' ;;
        srs) words='new show' ;;
        token) words='new renew show' ;;
        web) words='password token' ;;
        certificate) words='import' ;;
        acme) words='--keep --now' ;;
        config) words='check explain get manual set unset' ;;
        doctor) words='--address --changes --json --mail --only --peer dns list' ;;
        completion) words='bash fish zsh' ;;
        esac
    else
        case "$at ${COMP_WORDS[COMP_CWORD-1]}" in
        'dkim new'' --only') words='rsa ed25519' ;;
        'dkim rotate'' --only') words='rsa ed25519' ;;
        'senders '*' --by') words='login sender domain client' ;;
        'senders '*' --sort') words='messages recipients bytes' ;;
        *)
            case $at in
            'queue bounce') words='--all --destination --domain --dry-run --json --older-than --recipient --sender --text --younger-than' ;;
            'queue cat') words='' ;;
            'queue export') words='' ;;
            'queue hold') words='--all --destination --domain --dry-run --json --older-than --recipient --sender --younger-than' ;;
            'queue import') words='' ;;
            'queue list') words='--all --destination --domain --json --older-than --recipient --sender --younger-than' ;;
            'queue release') words='--all --destination --domain --dry-run --json --older-than --recipient --sender --younger-than' ;;
            'queue remove') words='--all --destination --domain --dry-run --json --older-than --recipient --sender --younger-than' ;;
            'queue reroute') words='--all --destination --domain --dry-run --json --older-than --recipient --sender --to --via --younger-than' ;;
            'queue retry') words='--all --destination --domain --dry-run --json --older-than --recipient --sender --younger-than' ;;
            'queue show') words='--json' ;;
            'destinations pause') words='' ;;
            'destinations resume') words='' ;;
            'destinations retry') words='--all' ;;
            'user add') words='--apop --generate --new-domain --password-file' ;;
            'user change-password') words='' ;;
            'user compile') words='' ;;
            'user list') words='' ;;
            'user lock') words='' ;;
            'user passwd-file') words='' ;;
            'user password') words='--apop --generate --password-file' ;;
            'user quota') words='none' ;;
            'user remove') words='--mail' ;;
            'user unlock') words='' ;;
            'domain add') words='' ;;
            'domain catchall') words='--new-domain --none' ;;
            'domain list') words='' ;;
            'domain remove') words='' ;;
            'alias add') words='--new-domain' ;;
            'alias list') words='' ;;
            'alias remove') words='' ;;
            'migrate from-postfix') words='--dry-run --from --passwords' ;;
            'migrate from-qmail') words='--dry-run --from --rules' ;;
            'migrate from-sendmail') words='--dry-run --from' ;;
            'migrate mailbox') words='' ;;
            'migrate step') words='--dry-run --undo' ;;
            'dkim check') words='' ;;
            'dkim new') words='--only --rsa-bits --selector' ;;
            'dkim remove') words='' ;;
            'dkim rotate') words='--days --finish --only --rsa-bits' ;;
            'dkim show') words='' ;;
            'dmarc report') words='--json' ;;
            'dmarc send') words='--day --dry-run' ;;
            'tlsrpt report') words='--json' ;;
            'tlsrpt send') words='--day --dry-run' ;;
            'srs new') words='--only' ;;
            'srs show') words='' ;;
            'token new') words='' ;;
            'token renew') words='--now' ;;
            'token show') words='' ;;
            'web password') words='--generate --password-file' ;;
            'web token') words='' ;;
            'certificate import') words='' ;;
            'config check') words='--json --start acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients' ;;
            'config explain') words='acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients' ;;
            'config get') words='acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients' ;;
            'config manual') words='' ;;
            'config set') words='--dry-run acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients' ;;
            'config unset') words='--dry-run acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients' ;;
            'doctor dns') words='--address' ;;
            'doctor list') words='' ;;
            'completion bash') words='' ;;
            'completion fish') words='' ;;
            'completion zsh') words='' ;;
            'run '*) words='--delivery --home --pop3 --pop3s --smtp --submission --submissions --web' ;;
            'install '*) words='--home --log --packaged --pages --stage --startable --summary --systemd --uninstall' ;;
            'restart '*) words='--check --home' ;;
            'check-install '*) words='--home --mend' ;;
            'trace '*) words='--follow --json --limit --since --until' ;;
            'senders '*) words='--by --json --limit --since --sort --until' ;;
            'status '*) words='--json' ;;
            'top '*) words='--once' ;;
            'health '*) words='--json' ;;
            'metrics '*) words='--otlp --serve' ;;
            'summary '*) words='--all --day --json --mail' ;;
            'destinations '*) words='--json' ;;
            'backup '*) words='--json --mail --progress' ;;
            'verify '*) words='--json --progress' ;;
            'restore '*) words='--json --progress' ;;
            'migrate '*) words='--accept --undo' ;;
            'certificate '*) words='' ;;
            'acme '*) words='--keep --now' ;;
            'doctor '*) words='--address --changes --json --mail --only --peer' ;;
            esac ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _kopis kopis
