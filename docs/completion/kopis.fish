# Completion of kopis for fish, made by: kopis completion fish
function __kopis_after
    set -l words (commandline -opc)
    test "$words[2..]" = "$argv"
end
function __kopis_in
    set -l words (commandline -opc)
    set -l last (math 1 + (count $argv))
    test (count $words) -ge $last; and test "$words[2..$last]" = "$argv"
end
complete -c kopis -f -n __kopis_after -a run -d 'run a whole mail host in the foreground'
complete -c kopis -f -n __kopis_after -a install -d 'install a mail host, or uninstall it'
complete -c kopis -f -n __kopis_after -a restart -d 'start anew what runs an earlier program than the installed one'
complete -c kopis -f -n __kopis_after -a check-install -d 'check users, directories and modes'
complete -c kopis -f -n __kopis_after -a queue -d 'list, show and change the queue; import and export queues of qmail'
complete -c kopis -f -n __kopis_after -a trace -d 'print what became of messages'
complete -c kopis -f -n __kopis_after -a senders -d 'print who has sent how much'
complete -c kopis -f -n __kopis_after -a status -d 'show on one screen what runs, what waits, and what needs attention'
complete -c kopis -f -n __kopis_after -a top -d 'show once a second what the host does'
complete -c kopis -f -n __kopis_after -a health -d 'print in one line whether the host is well'
complete -c kopis -f -n __kopis_after -a metrics -d 'print what the host counts, for Prometheus'
complete -c kopis -f -n __kopis_after -a summary -d 'print what a day had more or less of than the day before'
complete -c kopis -f -n __kopis_after -a destinations -d 'list the destinations of remote mail, pause and try them'
complete -c kopis -f -n __kopis_after -a backup -d 'copy a home in use: settings, users, secrets, the queue, mailboxes'
complete -c kopis -f -n __kopis_after -a verify -d 'check that a backup is whole'
complete -c kopis -f -n __kopis_after -a restore -d 'make a home of a backup'
complete -c kopis -f -n __kopis_after -a user -d 'add, list and remove virtual users'
complete -c kopis -f -n __kopis_after -a domain -d 'add, list and remove domains of virtual users'
complete -c kopis -f -n __kopis_after -a alias -d 'add, list and remove aliases of virtual users'
complete -c kopis -f -n __kopis_after -a migrate -d 'take over the settings of Postfix, sendmail or qmail'
complete -c kopis -f -n __kopis_after -a dkim -d 'make, show, check and rotate the keys that sign mail'
complete -c kopis -f -n __kopis_after -a dmarc -d 'read reports of DMARC, and send them'
complete -c kopis -f -n __kopis_after -a tlsrpt -d 'read reports of TLS, and send them'
complete -c kopis -f -n __kopis_after -a srs -d 'make and show the secrets of forwarded mails senders'
complete -c kopis -f -n __kopis_after -a token -d 'get and renew OAuth tokens for logins at relays'
complete -c kopis -f -n __kopis_after -a web -d 'set the password of the dashboard, and its token for monitors'
complete -c kopis -f -n __kopis_after -a certificate -d 'make a self-signed certificate, or import one'
complete -c kopis -f -n __kopis_after -a acme -d 'get and renew the hosts certificate from an ACME server'
complete -c kopis -f -n __kopis_after -a config -d 'check and explain the control files'
complete -c kopis -f -n __kopis_after -a doctor -d 'check the host, its domains in DNS and its ports'
complete -c kopis -f -n __kopis_after -a completion -d 'print what makes a shell complete the words of kopis'
complete -c kopis -f -n '__kopis_after queue' -a 'bounce cat export hold import list release remove reroute retry show'
complete -c kopis -f -n '__kopis_after destinations' -a 'pause resume retry'
complete -c kopis -f -n '__kopis_after user' -a 'add change-password compile list lock passwd-file password quota remove unlock'
complete -c kopis -f -n '__kopis_after domain' -a 'add catchall list remove'
complete -c kopis -f -n '__kopis_after alias' -a 'add list remove'
complete -c kopis -f -n '__kopis_after migrate' -a 'from-postfix from-qmail from-sendmail mailbox step'
complete -c kopis -f -n '__kopis_after dkim' -a 'check new remove rotate show'
complete -c kopis -f -n '__kopis_after dmarc' -a 'report send'
complete -c kopis -f -n '__kopis_after tlsrpt' -a 'report send'
complete -c kopis -f -n '__kopis_after srs' -a 'new show'
complete -c kopis -f -n '__kopis_after token' -a 'new renew show'
complete -c kopis -f -n '__kopis_after web' -a 'password token'
complete -c kopis -f -n '__kopis_after certificate' -a 'import'
complete -c kopis -f -n '__kopis_after config' -a 'check explain get manual set unset'
complete -c kopis -f -n '__kopis_after doctor' -a 'dns list'
complete -c kopis -f -n '__kopis_after completion' -a 'bash fish zsh'
complete -c kopis -n '__kopis_in run' -l delivery -r
complete -c kopis -n '__kopis_in run' -l home -r
complete -c kopis -n '__kopis_in run' -l pop3 -r
complete -c kopis -n '__kopis_in run' -l pop3s -r
complete -c kopis -n '__kopis_in run' -l smtp -r
complete -c kopis -n '__kopis_in run' -l submission -r
complete -c kopis -n '__kopis_in run' -l submissions -r
complete -c kopis -n '__kopis_in run' -l web -r
complete -c kopis -n '__kopis_in install' -l home -r
complete -c kopis -n '__kopis_in install' -l log -r
complete -c kopis -n '__kopis_in install' -l packaged
complete -c kopis -n '__kopis_in install' -l pages -r
complete -c kopis -n '__kopis_in install' -l stage -r
complete -c kopis -n '__kopis_in install' -l startable
complete -c kopis -n '__kopis_in install' -l summary -r
complete -c kopis -n '__kopis_in install' -l systemd
complete -c kopis -n '__kopis_in install' -l uninstall
complete -c kopis -n '__kopis_in restart' -l check
complete -c kopis -n '__kopis_in restart' -l home -r
complete -c kopis -n '__kopis_in check-install' -l home -r
complete -c kopis -n '__kopis_in check-install' -l mend
complete -c kopis -n '__kopis_in queue bounce' -l all
complete -c kopis -n '__kopis_in queue bounce' -l destination -r
complete -c kopis -n '__kopis_in queue bounce' -l domain -r
complete -c kopis -n '__kopis_in queue bounce' -l dry-run
complete -c kopis -n '__kopis_in queue bounce' -l json
complete -c kopis -n '__kopis_in queue bounce' -l older-than -r
complete -c kopis -n '__kopis_in queue bounce' -l recipient -r
complete -c kopis -n '__kopis_in queue bounce' -l sender -r
complete -c kopis -n '__kopis_in queue bounce' -l text -r
complete -c kopis -n '__kopis_in queue bounce' -l younger-than -r
complete -c kopis -n '__kopis_in queue hold' -l all
complete -c kopis -n '__kopis_in queue hold' -l destination -r
complete -c kopis -n '__kopis_in queue hold' -l domain -r
complete -c kopis -n '__kopis_in queue hold' -l dry-run
complete -c kopis -n '__kopis_in queue hold' -l json
complete -c kopis -n '__kopis_in queue hold' -l older-than -r
complete -c kopis -n '__kopis_in queue hold' -l recipient -r
complete -c kopis -n '__kopis_in queue hold' -l sender -r
complete -c kopis -n '__kopis_in queue hold' -l younger-than -r
complete -c kopis -n '__kopis_in queue list' -l all
complete -c kopis -n '__kopis_in queue list' -l destination -r
complete -c kopis -n '__kopis_in queue list' -l domain -r
complete -c kopis -n '__kopis_in queue list' -l json
complete -c kopis -n '__kopis_in queue list' -l older-than -r
complete -c kopis -n '__kopis_in queue list' -l recipient -r
complete -c kopis -n '__kopis_in queue list' -l sender -r
complete -c kopis -n '__kopis_in queue list' -l younger-than -r
complete -c kopis -n '__kopis_in queue release' -l all
complete -c kopis -n '__kopis_in queue release' -l destination -r
complete -c kopis -n '__kopis_in queue release' -l domain -r
complete -c kopis -n '__kopis_in queue release' -l dry-run
complete -c kopis -n '__kopis_in queue release' -l json
complete -c kopis -n '__kopis_in queue release' -l older-than -r
complete -c kopis -n '__kopis_in queue release' -l recipient -r
complete -c kopis -n '__kopis_in queue release' -l sender -r
complete -c kopis -n '__kopis_in queue release' -l younger-than -r
complete -c kopis -n '__kopis_in queue remove' -l all
complete -c kopis -n '__kopis_in queue remove' -l destination -r
complete -c kopis -n '__kopis_in queue remove' -l domain -r
complete -c kopis -n '__kopis_in queue remove' -l dry-run
complete -c kopis -n '__kopis_in queue remove' -l json
complete -c kopis -n '__kopis_in queue remove' -l older-than -r
complete -c kopis -n '__kopis_in queue remove' -l recipient -r
complete -c kopis -n '__kopis_in queue remove' -l sender -r
complete -c kopis -n '__kopis_in queue remove' -l younger-than -r
complete -c kopis -n '__kopis_in queue reroute' -l all
complete -c kopis -n '__kopis_in queue reroute' -l destination -r
complete -c kopis -n '__kopis_in queue reroute' -l domain -r
complete -c kopis -n '__kopis_in queue reroute' -l dry-run
complete -c kopis -n '__kopis_in queue reroute' -l json
complete -c kopis -n '__kopis_in queue reroute' -l older-than -r
complete -c kopis -n '__kopis_in queue reroute' -l recipient -r
complete -c kopis -n '__kopis_in queue reroute' -l sender -r
complete -c kopis -n '__kopis_in queue reroute' -l to -r
complete -c kopis -n '__kopis_in queue reroute' -l via -r
complete -c kopis -n '__kopis_in queue reroute' -l younger-than -r
complete -c kopis -n '__kopis_in queue retry' -l all
complete -c kopis -n '__kopis_in queue retry' -l destination -r
complete -c kopis -n '__kopis_in queue retry' -l domain -r
complete -c kopis -n '__kopis_in queue retry' -l dry-run
complete -c kopis -n '__kopis_in queue retry' -l json
complete -c kopis -n '__kopis_in queue retry' -l older-than -r
complete -c kopis -n '__kopis_in queue retry' -l recipient -r
complete -c kopis -n '__kopis_in queue retry' -l sender -r
complete -c kopis -n '__kopis_in queue retry' -l younger-than -r
complete -c kopis -n '__kopis_in queue show' -l json
complete -c kopis -n '__kopis_in trace' -l follow
complete -c kopis -n '__kopis_in trace' -l json
complete -c kopis -n '__kopis_in trace' -l limit -r
complete -c kopis -n '__kopis_in trace' -l since -r
complete -c kopis -n '__kopis_in trace' -l until -r
complete -c kopis -n '__kopis_in senders' -l by -x -a 'login sender domain client'
complete -c kopis -n '__kopis_in senders' -l json
complete -c kopis -n '__kopis_in senders' -l limit -r
complete -c kopis -n '__kopis_in senders' -l since -r
complete -c kopis -n '__kopis_in senders' -l sort -x -a 'messages recipients bytes'
complete -c kopis -n '__kopis_in senders' -l until -r
complete -c kopis -n '__kopis_in status' -l json
complete -c kopis -n '__kopis_in top' -l once
complete -c kopis -n '__kopis_in health' -l json
complete -c kopis -n '__kopis_in metrics' -l otlp
complete -c kopis -n '__kopis_in metrics' -l serve
complete -c kopis -n '__kopis_in summary' -l all
complete -c kopis -n '__kopis_in summary' -l day -r
complete -c kopis -n '__kopis_in summary' -l json
complete -c kopis -n '__kopis_in summary' -l mail -r
complete -c kopis -n '__kopis_in destinations' -l json
complete -c kopis -n '__kopis_in destinations retry' -l all
complete -c kopis -n '__kopis_in backup' -l json
complete -c kopis -n '__kopis_in backup' -l mail
complete -c kopis -n '__kopis_in backup' -l progress
complete -c kopis -n '__kopis_in verify' -l json
complete -c kopis -n '__kopis_in verify' -l progress
complete -c kopis -n '__kopis_in restore' -l json
complete -c kopis -n '__kopis_in restore' -l progress
complete -c kopis -n '__kopis_in user add' -l apop
complete -c kopis -n '__kopis_in user add' -l generate
complete -c kopis -n '__kopis_in user add' -l new-domain
complete -c kopis -n '__kopis_in user add' -l password-file -r
complete -c kopis -n '__kopis_in user password' -l apop
complete -c kopis -n '__kopis_in user password' -l generate
complete -c kopis -n '__kopis_in user password' -l password-file -r
complete -c kopis -n '__kopis_in user quota' -a 'none'
complete -c kopis -n '__kopis_in user remove' -l mail
complete -c kopis -n '__kopis_in domain catchall' -l new-domain
complete -c kopis -n '__kopis_in domain catchall' -l none
complete -c kopis -n '__kopis_in alias add' -l new-domain
complete -c kopis -n '__kopis_in migrate' -l accept
complete -c kopis -n '__kopis_in migrate' -l undo
complete -c kopis -n '__kopis_in migrate from-postfix' -l dry-run
complete -c kopis -n '__kopis_in migrate from-postfix' -l from -r
complete -c kopis -n '__kopis_in migrate from-postfix' -l passwords -r
complete -c kopis -n '__kopis_in migrate from-qmail' -l dry-run
complete -c kopis -n '__kopis_in migrate from-qmail' -l from -r
complete -c kopis -n '__kopis_in migrate from-qmail' -l rules -r
complete -c kopis -n '__kopis_in migrate from-sendmail' -l dry-run
complete -c kopis -n '__kopis_in migrate from-sendmail' -l from -r
complete -c kopis -n '__kopis_in migrate step' -l dry-run
complete -c kopis -n '__kopis_in migrate step' -l undo
complete -c kopis -n '__kopis_in dkim new' -l only -x -a 'rsa ed25519'
complete -c kopis -n '__kopis_in dkim new' -l rsa-bits -r
complete -c kopis -n '__kopis_in dkim new' -l selector -r
complete -c kopis -n '__kopis_in dkim rotate' -l days -r
complete -c kopis -n '__kopis_in dkim rotate' -l finish
complete -c kopis -n '__kopis_in dkim rotate' -l only -x -a 'rsa ed25519'
complete -c kopis -n '__kopis_in dkim rotate' -l rsa-bits -r
complete -c kopis -n '__kopis_in dmarc report' -l json
complete -c kopis -n '__kopis_in dmarc send' -l day -r
complete -c kopis -n '__kopis_in dmarc send' -l dry-run
complete -c kopis -n '__kopis_in tlsrpt report' -l json
complete -c kopis -n '__kopis_in tlsrpt send' -l day -r
complete -c kopis -n '__kopis_in tlsrpt send' -l dry-run
complete -c kopis -n '__kopis_in srs new' -l only
complete -c kopis -n '__kopis_in token renew' -l now
complete -c kopis -n '__kopis_in web password' -l generate
complete -c kopis -n '__kopis_in web password' -l password-file -r
complete -c kopis -n '__kopis_in acme' -l keep
complete -c kopis -n '__kopis_in acme' -l now
complete -c kopis -n '__kopis_in config check' -l json
complete -c kopis -n '__kopis_in config check' -l start -r
complete -c kopis -n '__kopis_in config check' -a 'acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients'
complete -c kopis -n '__kopis_in config explain' -a 'acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients'
complete -c kopis -n '__kopis_in config get' -a 'acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients'
complete -c kopis -n '__kopis_in config set' -l dry-run
complete -c kopis -n '__kopis_in config set' -a 'acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients'
complete -c kopis -n '__kopis_in config unset' -l dry-run
complete -c kopis -n '__kopis_in config unset' -a 'acme acmeca.pem aliasesfirst authloopback authsenders authservid badhelo badmailfrom badmailto bindroutes bouncefrom bouncehost bouncemaxbytes catchallfirst checkdkim checkdmarc checkexempt checkhelo checkheloself checkiprev checkloopback checkspf clientca.pem clientcert.pem clientlimits clientname concurrencyincoming concurrencyintake concurrencylocal concurrencymailbox concurrencypop3 concurrencyremote concurrencyshared databytes defaultdomain defaulthost delaynotify destinations dmarcreports dnslistdefer dnslistreject dnslists dnslisttag dnslisttimeout doublebouncehost doublebounceto dovecotauth envnoathost greetdelay greylist helohost helohosts hidesubmitter idhost journalbytes journaldays journalsubjects lmtproutes localiphost localrecipients locals loginaccounttries loginnetworktries logintries loginwindow maxperaddress maxpernetwork maxrcpt maxrcptrelay me milters moreipme morercpthosts morercpthosts.cdb mxps norcptcheck notipme oauthaudience oauthclaim oauthissuer oauthkeys openrelay otlpendpoint otlpinterval outgoingip percenthack plusdomain pop3cleartext proxyclients qmqpservers queuelifetime queuememory queueshare rcpthosts replies resolvers retryschedule saslmechanisms senders serverca.pem servercert.pem servercerts smtpextensions smtpgreeting smtpplugins smtproutes sourceaddresses srsdomain srsmaxage submissionrate submissionrecipients tarpitcount tarpitdelay tcprules.dat tcprules.txt timeoutconnect timeoutidle timeoutintake timeoutplugin timeoutremote timeoutsmtpd tlsclients tlspolicy tlsreports unknownrcpt virtualdomains weblisten webnames xclients'
complete -c kopis -n '__kopis_in doctor' -l address -r
complete -c kopis -n '__kopis_in doctor' -l changes -r
complete -c kopis -n '__kopis_in doctor' -l json
complete -c kopis -n '__kopis_in doctor' -l mail -r
complete -c kopis -n '__kopis_in doctor' -l only -r
complete -c kopis -n '__kopis_in doctor' -l peer -r
complete -c kopis -n '__kopis_in doctor dns' -l address -r
