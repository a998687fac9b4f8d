using static Kopis.Host.Doctor.DoctorState;

namespace Kopis.Host.Doctor;

/// <summary>The checks of ports, of what they serve, and of lists in DNS.</summary>
internal static class ServiceCatalog
{
    /// <summary>In the order of the report.</summary>
    internal static readonly DoctorCheck[] Checks =
    [
        new("smtp.in", Fault, "port 25 answers with 220 at the host's address",
            "no mail comes in", "start kopis-smtp.service; open port 25 in the firewall"),
        new("smtp.out", Fault, "this host reaches port 25 of others",
            "no mail goes out: many networks block it",
            "ask the network to open port 25, or use a relay: control/smtproutes"),
        new("smtp.name", Note, "the greeting has the host's name",
            "some receivers compare", "write the name into control/smtpgreeting, or remove it"),
        new("smtp.starttls", Warning, "STARTTLS is offered",
            "mail travels in the clear", "kopis certificate, or kopis acme"),
        new("smtp.tls", Fault, "the handshake at port 25 works",
            "senders that begin TLS fail", "see the log of kopis-smtp.service"),
        new("smtp.certificate", Warning, "the certificate at port 25 has the host's name",
            "senders that require TLS do not deliver", "get a certificate for the name"),
        new("smtp.relay", Fault, "strangers may not relay",
            "the host sends spam for others and is on every list soon",
            "remove RELAYCLIENT for strangers from control/tcprules.txt, and control/openrelay"),
        new("dane.missing", Note, "the host's port 25 has TLSA records",
            "senders that use DANE know no certificate of it, and who listens can turn TLS off",
            "kopis doctor dns DOMAIN prints one, for a zone that is signed"),
        new("dane.signed", Warning, "they are signed by DNSSEC",
            "without, nobody uses them", "sign the zone"),
        new("dane.usable", Warning, "one of them is of a kind that SMTP uses",
            "others are passed over (RFC 7672 section 3.1.3)", "publish 3 1 1 or 2 1 1"),
        new("dane.match", Fault, "one of them matches the certificate at port 25",
            "senders that use DANE do not deliver",
            "publish the new record before the certificate changes"),
        new("submission.tls", Fault, "ports 465 and 587 begin TLS with the host's name",
            "users cannot send", "get a certificate for the name"),
        new("pop3.tls", Fault, "port 995 begins TLS with the host's name",
            "users cannot fetch mail", "get a certificate for the name"),
        new("list.listed", Fault, "the host's address is on no list in DNS",
            "receivers refuse its mail", "ask the list why; end what sends spam"),
        new("list.works", Warning, "lists in DNS answer as lists do",
            "a list that names 127.0.0.1, or every name, refuses all mail",
            "remove the list from control/dnslists"),
    ];
}
