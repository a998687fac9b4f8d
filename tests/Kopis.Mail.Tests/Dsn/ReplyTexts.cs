namespace Kopis.Mail.Tests.Dsn;

/// <summary>Replies as receivers of the last years word them: class, stage, reply.</summary>
internal static class ReplyTexts
{
    internal const string All = """
        BadMailbox Rcpt 550 5.1.1 The email account that you tried to reach does not exist.
        BadMailbox Rcpt 550-5.1.1 The email account that you tried to reach does not exist. Please
        BadMailbox Rcpt 550 5.1.1 <x@example.net>: Recipient address rejected: User unknown
        BadMailbox Rcpt 550 5.1.1 <x@example.net>... User unknown
        BadMailbox Rcpt 550 5.1.1 User unknown in virtual mailbox table
        BadMailbox Rcpt 550 5.1.1 User unknown in local recipient table
        BadMailbox Rcpt 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP
        BadMailbox Rcpt 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)
        BadMailbox Rcpt 550 Requested action not taken: mailbox unavailable
        BadMailbox Rcpt 550 5.5.0 Requested action not taken: mailbox unavailable
        BadMailbox Rcpt 554 delivery error: dd This user doesn't have a example.com account
        BadMailbox Rcpt 550 sorry, no mailbox here by that name (#5.1.1)
        BadMailbox Rcpt 511 sorry, no mailbox here by that name (#5.1.1 - chkuser)
        BadMailbox Rcpt 553 sorry, this recipient is not a valid local user
        BadMailbox Rcpt 550 No such user here
        BadMailbox Rcpt 550 No Such User Here"
        BadMailbox Rcpt 550 no such mailbox
        BadMailbox Rcpt 550 5.1.1 No such recipient here
        BadMailbox Rcpt 550 Unknown recipient <x@example.net>
        BadMailbox Rcpt 550 Unrouteable address
        BadMailbox Rcpt 550-Callout verification failed: 550 5.1.1 user unknown
        BadMailbox Rcpt 550 Invalid recipient <x@example.net> (#5.1.1)
        BadMailbox Rcpt 550 5.1.1 Invalid mailbox
        BadMailbox Rcpt 550 5.1.0 Address rejected.
        BadMailbox Rcpt 550 5.1.6 recipient no longer on server: x@example.net
        BadMailbox Rcpt 550 Address unknown
        BadMailbox Rcpt 551 not our customer
        BadMailbox Rcpt 551 User not local; please try elsewhere
        BadMailbox Rcpt 553 5.3.0 <x@example.net>... Addressee unknown
        BadMailbox Rcpt 550 5.1.1 RCP-P1 http://postmaster.example/codes Address unknown
        BadMailbox Rcpt 550 #5.1.0 Address rejected.
        BadMailbox Rcpt 550 cuda_nsu recipient rejected
        BadMailbox Rcpt 550 5.2.1 x... Unknown user
        BadMailbox Rcpt 550 Account x@example.net does not exist
        BadMailbox Rcpt 550 unknown user <x@example.net>
        BadMailbox Rcpt 550 5.0.350 Remote server returned an error -> 550 No such user
        BadMailbox Rcpt 550 Mailbox not found
        BadMailbox Rcpt 550 mailbox x is unknown: not a known user
        BadMailbox Rcpt 450 4.1.1 <x@example.net>: unverified address: User unknown
        BadMailbox Rcpt 550 5.1.1 Bad destination mailbox address
        BadMailbox Rcpt 550 no one by that name here
        BadMailbox Rcpt 550 5.1.3 Bad recipient
        BadMailbox Rcpt 553 5.1.1 unknown or illegal alias: unknown local part
        BadMailbox Message 554 5.1.1 Mailbox does not exist
        BadMailbox Message 550 5.1.1 User unknown
        InactiveMailbox Rcpt 550 5.2.1 The email account that you tried to reach is disabled.
        InactiveMailbox Rcpt 550 5.2.1 The email account that you tried to reach is inactive.
        InactiveMailbox Rcpt 554 5.7.1 Mailbox disabled for this recipient
        InactiveMailbox Rcpt 550 5.2.1 This mailbox has been deactivated
        InactiveMailbox Rcpt 554 30 Sorry, your message cannot be delivered. mailbox disabled
        InactiveMailbox Rcpt 550 Account suspended
        InactiveMailbox Rcpt 550 User suspended
        InactiveMailbox Rcpt 550 Inactive user
        InactiveMailbox Rcpt 550 5.7.1 Account is locked
        InactiveMailbox Rcpt 525 5.7.13 user account disabled
        InactiveMailbox Rcpt 550 Account expired
        InactiveMailbox Rcpt 450 4.2.1 Mailbox temporarily disabled
        InactiveMailbox Rcpt 550 This address is no longer in use
        InactiveMailbox Rcpt 550 this account has been closed
        InactiveMailbox Rcpt 550 5.2.1 Account is not active
        InactiveMailbox Rcpt 550 5.2.1 x
        Quota Rcpt 452 4.2.2 The email account that you tried to reach is over quota.
        Quota Rcpt 552 5.2.2 The recipient's inbox is out of storage space.
        Quota Rcpt 452 4.2.2 Mailbox full
        Quota Rcpt 552 5.2.2 Mailbox is full
        Quota Rcpt 552 5.2.2 <x@example.net>: Recipient address rejected: Quota exceeded
        Quota Rcpt 422 4.2.2 Quota exceeded (mailbox for user is full)
        Quota Rcpt 550 User has exceeded quota: over quota
        Quota Rcpt 552 5.2.2 user is over quota
        Quota Rcpt 452 Mailbox size limit exceeded
        Quota Rcpt 554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException
        Quota Rcpt 550 5.7.1 Mailbox quota exceeded for this recipient
        Quota Message 552 5.2.2 Over quota
        Quota Message 452 4.3.1 Disk quota exceeded
        Quota Message 550 5.2.3 RESOLVER.RST.RecipSizeLimit; storage limit reached
        Quota Rcpt 552 Requested mail action aborted
        Quota Rcpt 451 4.2.2 x
        Quota Rcpt 550 account is full
        Quota Rcpt 522 5.2.2 x
        Size Message 552 5.3.4 Message size exceeds fixed limit
        Size Message 552 5.3.4 Message too large
        Size Mail 552 5.3.4 Message size exceeds fixed maximum message size
        Size Message 523 the message size exceeds the recipient's size limit
        Size Message 554 5.2.3 Message exceeds maximum
        Size Message 552-5.2.3 Your message exceeded Google's message size limits.
        Size Mail 550 5.3.4 x
        Size Message 552 Message is too large
        Size Message 552 Requested mail action aborted
        Size Message 550 Message exceeds size limit of this mailbox
        Policy Greeting 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen
        Policy Rcpt 554 5.7.1 Service unavailable; client [192.0.2.1] blocked using bl.example
        Policy Rcpt 550 5.7.1 Rejected: 192.0.2.1 listed at zen.spamhaus.org
        Policy Mail 550 5.7.1 [192.0.2.1] Our system has detected a poor reputation for this IP
        Policy Mail 550 5.7.606 Access denied, banned sending IP [192.0.2.1]
        Policy Mail 550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent: block list
        Policy Mail 553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, blocklist
        Policy Rcpt 554 Service unavailable, your IP address is in a DNSBL
        Policy Rcpt 550 sc-001 (mx) Mail rejected for policy reasons.
        Policy Rcpt 550 5.7.1 Command rejected
        Policy Rcpt 554 5.7.1 <x@example.net>: Recipient refused: Access denied
        Policy Greeting 554 Your IP is blocked
        Policy Greeting 554-mx.example 554 Transaction failed: no thanks, bad reputation
        Policy Message 550 5.7.1 Delivery not authorized, message refused
        Policy Message 554 5.7.1 Message rejected due to local policy
        Policy Rcpt 550 5.7.0 Administrative prohibition
        Policy Mail 554 5.7.1 You are not allowed to send from that address
        Policy Rcpt 550 Blacklisted
        Policy Mail 451 4.7.650 The mail server [192.0.2.1] has been temporarily IP reputation
        Policy Rcpt 550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; restricted
        Policy Rcpt 550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; not authorized
        Policy Message 554 5.7.0 Reject, id=1-2
        Policy Message 554 Transaction failed
        Policy Rcpt 554 5.7.1 x
        Policy Message 571 x
        SpamContent Message 550 5.7.1 Our system has detected that this message is likely spam
        SpamContent Message 550-5.7.1 that this message is likely unsolicited mail. To reduce the
        SpamContent Message 554 5.7.1 Message rejected as spam by Content Filtering.
        SpamContent Message 554 5.6.0 Message contains a virus (Eicar-Test-Signature)
        SpamContent Message 550 This message contains malware
        SpamContent Message 554 5.7.1 Spam message rejected
        SpamContent Message 550 High probability of spam
        SpamContent Message 554 Message refused: phishing
        SpamContent Message 552 5.7.0 This message was blocked because its content presents a
        SpamContent Message 550 5.7.1 Content rejected
        SpamContent Message 550 attachment type not allowed
        SpamContent Message 554 5.2.0 STOREDRV: suspicious
        SpamContent Message 554 5.7.1 [P4] Message blocked due to spam content in the message.
        SpamContent Message 571 Junk mail
        SpamContent Message 550 infected message rejected
        Authentication Message 550-5.7.26 Unauthenticated email from example.org is not accepted
        Authentication Message 550 5.7.26 Mail blocked: the sender is unauthenticated
        Authentication Message 550 5.7.1 Email rejected per DMARC policy for example.org
        Authentication Message 550 5.7.509 Access denied, sending domain does not pass DMARC
        Authentication Rcpt 550 5.7.23 The message was rejected because of SPF violation
        Authentication Mail 550 SPF check failed
        Authentication Mail 550 5.7.1 SPF fail - not authorized
        Authentication Message 550 5.7.20 No passing DKIM signature found
        Authentication Rcpt 450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]
        Authentication Rcpt 550 5.7.25 Client host rejected: cannot find your reverse hostname
        Authentication Rcpt 504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname
        Authentication Mail 553 5.1.8 Domain of sender address x@example.org does not exist
        Authentication Rcpt 450 4.1.8 <x@example.org>: Sender address rejected: Domain not found
        Authentication Rcpt 550 Sender verify failed
        Authentication Greeting 554 No PTR record for 192.0.2.1
        Authentication Greeting 550 5.7.1 Reverse DNS lookup required
        Authentication Message 550 5.7.27 x
        Authentication Mail 550 5.1.7 x
        Greylisted Rcpt 450 4.2.0 <x@example.net>: Recipient address rejected: Greylisted
        Greylisted Rcpt 451 4.7.1 Greylisting in action, please come back in 00:05:00
        Greylisted Rcpt 450 4.7.1 Greylisted for 300 seconds
        Greylisted Rcpt 451 4.7.1 Try again after 5 minutes: graylisted
        Greylisted Rcpt 450 Greylisting enabled. Please retry in 3 minutes
        Greylisted Rcpt 451 You are on our grey list, come back later
        Greylisted Rcpt 450 4.2.0 Greylisted, see http://postgrey.example/help/x.html
        Greylisted Rcpt 451 4.3.0 milter-greylist: temporarily rejected
        Greylisted Message 451 4.7.1 Greylisting in action
        Greylisted Rcpt 421 Please try again in 120 seconds
        RateLimited Greeting 421 4.7.0 Too many connections from your host
        RateLimited Greeting 421 Too many concurrent SMTP connections from this IP address
        RateLimited Mail 421 4.7.28 Our system has detected an unusual rate of unsolicited mail
        RateLimited Rcpt 450 4.2.1 The user is receiving mail at a rate that
        RateLimited Message 421-4.7.0 unusual rate of unsolicited mail originating from your IP
        RateLimited Mail 421 4.7.0 [TSS04] Messages from 192.0.2.1 deferred due to unexpected volume
        RateLimited Mail 451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)
        RateLimited Greeting 421 RP-001 The mail server IP connecting has exceeded the rate limit
        RateLimited Rcpt 452 4.5.3 Too many recipients
        RateLimited Rcpt 452 too many recipients received this hour
        RateLimited Mail 450 4.7.1 Error: too much mail from 192.0.2.1
        RateLimited Mail 452 4.3.2 Connection rate limit exceeded
        RateLimited Greeting 554 Too many sessions
        RateLimited Message 450 4.7.1 message rate exceeded
        RateLimited Rcpt 451 4.7.1 Sender daily limit reached
        RateLimited Rcpt 450 throttled
        RateLimited Greeting 421 4.3.2 The maximum number of connections has been reached
        RateLimited Mail 451 4.4.5 x
        RateLimited Rcpt 550 5.4.5 Daily sending quota of 100 per hour
        RateLimited Mail 421 4.7.28 x
        RelayDenied Rcpt 554 5.7.1 <x@example.net>: Relay access denied
        RelayDenied Rcpt 454 4.7.1 <x@example.net>: Relay access denied
        RelayDenied Rcpt 550 5.7.1 Unable to relay for x@example.net
        RelayDenied Rcpt 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
        RelayDenied Rcpt 550 relay not permitted
        RelayDenied Rcpt 550 5.7.1 Relaying denied
        RelayDenied Rcpt 550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain
        RelayDenied Rcpt 550 we do not relay
        RelayDenied Rcpt 550 5.7.64 TenantAttribution; Relay Access Denied
        RelayDenied Rcpt 551 relaying to <x@example.net> prohibited by administrator
        BadDomain Rcpt 550 5.1.2 Bad destination system: no such domain
        BadDomain Rcpt 550 5.1.2 <x@example.net>... Host unknown (Name server: host not found)
        BadDomain Rcpt 556 5.1.10 Domain does not accept mail
        BadDomain Rcpt 521 x
        BadDomain Rcpt 550 Domain not hosted here
        BadDomain Rcpt 450 4.1.2 <x@nowhere.example>: Domain not found
        BadDomain Rcpt 550 unknown domain example.net
        Loop Message 554 5.4.6 Too many hops
        Loop Message 554 5.4.0 Error: mail loop detected
        Loop Message 554 5.4.14 Hop count exceeded - possible mail loop ATTR34
        Loop Message 554 too many Received: headers in message
        Loop Rcpt 550 5.4.6 x
        LoginRefused Mail 530 5.7.0 Authentication required
        LoginRefused Mail 530 5.7.57 Client not authenticated: must authenticate first
        LoginRefused Auth 535 5.7.8 x
        LoginRefused Auth 535 Incorrect data
        LoginRefused Auth 535 5.7.139 Authentication unsuccessful, authentication failed
        LoginRefused Mail 530 x
        TlsFailed Mail 530 5.7.0 Must issue a STARTTLS command first
        TlsFailed Tls 454 4.7.0 x? TLS not available due to local problem
        TlsFailed Mail 451 5.7.3 STARTTLS is required: encryption required
        TlsFailed Message 550 5.7.30 x
        ServerTrouble Rcpt 451 4.3.0 <x@example.net>: Temporary lookup failure
        ServerTrouble Mail 452 4.3.1 Insufficient system storage
        ServerTrouble Greeting 421 4.3.2 Service shutting down
        ServerTrouble Greeting 421 mx.example Service not available, closing transmission channel
        ServerTrouble Message 451 4.3.0 Error: queue file write error
        ServerTrouble Rcpt 451 Temporary local problem - please try later
        ServerTrouble Message 451 Requested action aborted: local error in processing
        ServerTrouble Rcpt 451 4.3.5 Server configuration error
        ServerTrouble Message 554 5.3.0 Out of memory
        ServerTrouble Rcpt 451 x
        ServerTrouble Mail 421 x
        ServerTrouble Rcpt 450 4.3.2 System overload, load average too high
        ServerTrouble Rcpt 450 4.2.0 mailbox temporarily unavailable
        Dns Rcpt 451 4.4.3 x
        Dns Rcpt 451 4.4.4 DNS timeout
        Form Message 550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; bare LF
        Form Message 554 5.6.1 Body type not supported by remote host
        Form Message 550-5.7.1 Messages missing a valid address in From: header
        Form Message 550 Message is not RFC 5322 compliant: missing header
        Form Message 500 Line too long
        Form Message 554 5.6.7 x
        Protocol Mail 503 5.5.1 Bad sequence of commands
        Protocol Hello 500 5.5.1 Unrecognized command
        Protocol Mail 501 5.5.4 Syntax error in parameters
        Protocol Data 502 Not implemented
        Protocol Hello 500 x
        Protocol Mail 501 5.5.2 x
        Protocol Greeting 554 5.5.0 Error: SMTP protocol error
        Unknown Rcpt 450 x
        Unknown Rcpt 450 4.2.0 x
        Unknown Message 599 x
        """;
}
