namespace Kopis.Mail.Tests.Authentication.Dmarc;

/// <summary>
/// Cases of RFC 9989, a line each: section | zone | From, identifiers | what is wanted.
/// Zone: names with a TXT record at <c>_dmarc.</c>, separated by <c>&amp;</c>; <c>NAME ~</c> does
/// not answer, <c>NAME -</c> does so only for the policy; <c>NAME +</c> exists without a record. Identifiers: <c>f=</c> a domain of From,
/// <c>s=</c> SPF passed, <c>S=</c> SPF temperror, <c>x=</c> SPF failed, <c>d=</c> DKIM passed,
/// <c>D=</c> DKIM temperror, <c>b=</c> DKIM failed, <c>l=</c> DKIM passed with l=. Wanted: result,
/// disposition, and further words <c>org=</c>, <c>at=</c>, <c>tag=</c>, <c>policy=</c>, <c>q=</c>.
/// </summary>
internal static class DmarcCases
{
    internal const string All = """
        4.7 | a.ex v=DMARC1; p=reject | f=a.ex | fail reject org=a.ex at=a.ex tag=p
        4.7 | a.ex v=DMARC1; p=quarantine | f=a.ex | fail quarantine
        4.7 | a.ex v=DMARC1; p=none | f=a.ex | fail none
        4.7 | a.ex v=DMARC1 | f=a.ex | fail none policy=none
        4.7 | a.ex v=DMARC1; | f=a.ex | fail none
        4.7 | a.ex v=DMARC1;p=reject | f=a.ex s=a.ex | pass none policy=reject
        4.7 | a.ex v=DMARC1;p=reject | f=a.ex d=a.ex | pass none
        4.7 | a.ex v=DMARC1; p=reject; pct=0 | f=a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; rf=afrf; ri=3600 | f=a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; unknown=x | f=a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; t=y | f=a.ex | fail quarantine policy=reject
        4.7 | a.ex v=DMARC1; p=quarantine; t=y | f=a.ex | fail none policy=quarantine
        4.7 | a.ex v=DMARC1; p=none; t=y | f=a.ex | fail none
        4.7 | a.ex v=DMARC1; p=reject; t=n | f=a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; t=maybe | f=a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; t=y | f=a.ex d=a.ex | pass none
        4.7 | a.ex p=reject; v=DMARC1 | f=a.ex | none none
        4.7 | a.ex v=dmarc1; p=reject | f=a.ex | none none
        4.7 | a.ex v=DMARC2; p=reject | f=a.ex | none none
        4.7 | a.ex v=DMARC1 p=reject | f=a.ex | none none
        4.7 | a.ex v=DMARC1.0; p=reject | f=a.ex | none none
        4.7 | a.ex x; v=DMARC1; p=reject | f=a.ex | none none
        4.7 | a.ex v=spf1 -all | f=a.ex | none none
        4.7 | a.ex v=spf1 -all & a.ex v=DMARC1; p=reject | f=a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; adkim=s; aspf=s | f=a.ex s=m.a.ex d=m.a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; adkim=x; aspf= | f=a.ex d=m.a.ex | pass none
        4.7 | a.ex v=DMARC1; p=reject; ;; fo=1 | f=a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; garbage; rua | f=a.ex | fail reject
        4.7 | a.ex v=DMARC1; p=reject; p=none | f=a.ex | fail reject
        4.8 | a.ex v = DMARC1 ; p = reject | f=a.ex | fail reject
        4.8 | a.ex v=DMARC1;p=REJECT | f=a.ex | fail reject
        4.8 | a.ex v=DMARC1;P=reject | f=a.ex | fail none
        4.8 | a.ex v= DMARC1;	p=	quarantine	; | f=a.ex | fail quarantine
        4.10.1 | a.ex v=DMARC1; p=refuse | f=a.ex | none none
        4.10.1 | a.ex v=DMARC1; p=refuse; rua=mailto:r@a.ex | f=a.ex | fail none policy=none
        4.10.1 | a.ex v=DMARC1; p=reject; sp=x | f=a.ex | none none
        4.10.1 | a.ex v=DMARC1; p=reject; sp=x; rua=mailto:r@a.ex | f=a.ex | fail none
        4.10.1 | a.ex v=DMARC1; p=reject; np=x; rua=mailto:r@a.ex | f=a.ex | fail none
        4.10.1 | a.ex v=DMARC1; p=reject; np=x; rua=nothing | f=a.ex | none none
        4.10.1 | a.ex v=DMARC1; p=; rua=mailto:r@a.ex | f=a.ex | fail none
        4.4 | a.ex v=DMARC1;p=reject | f=news.a.ex s=foo.a.ex | pass none org=a.ex tag=sp
        4.4 | a.ex v=DMARC1;p=reject | f=news.a.ex s=news.a.ex | pass none
        4.4 | a.ex v=DMARC1;p=reject | f=news.a.ex s=foo.b.ex | fail reject
        4.4 | a.ex v=DMARC1;p=reject | f=A.EX d=a.ex | pass none
        4.4 | a.ex v=DMARC1;p=reject;aspf=s | f=a.ex s=a.ex | pass none
        4.4 | a.ex v=DMARC1;p=reject;aspf=s | f=a.ex s=m.a.ex | fail reject
        4.4 | a.ex v=DMARC1;p=reject;adkim=s | f=a.ex d=m.a.ex | fail reject
        4.4 | a.ex v=DMARC1;p=reject;adkim=s | f=a.ex d=m.a.ex s=m.a.ex | pass none
        4.4 | a.ex v=DMARC1;p=reject;aspf=s | f=a.ex d=m.a.ex s=b.ex | pass none
        4.4 | a.ex v=DMARC1;p=reject | f=a.ex d=nota.ex | fail reject
        4.4 | a.ex v=DMARC1;p=reject | f=a.ex d=ex | fail reject
        4.4 | xn--bcher-kva.ex v=DMARC1;p=reject | f=bücher.ex d=xn--bcher-kva.ex | pass none
        4.4 | xn--bcher-kva.ex v=DMARC1;p=reject | f=BÜCHER.ex d=bücher.ex | pass none
        4.4 | xn--bcher-kva.ex v=DMARC1;p=reject | f=bücher.ex d=bucher.ex | fail reject
        4.4.1 | a.ex v=DMARC1;p=reject | f=a.ex d=b.ex d=c.ex d=a.ex | pass none
        4.4.1 | a.ex v=DMARC1;p=reject | f=a.ex b=a.ex | fail reject
        4.4.1 | a.ex v=DMARC1;p=reject | f=a.ex l=a.ex | fail reject
        4.4.1 | a.ex v=DMARC1;p=reject | f=a.ex b=a.ex d=m.a.ex | pass none
        4.4.2 | a.ex v=DMARC1;p=reject | f=a.ex x=a.ex | fail reject
        4.4.2 | a.ex v=DMARC1;p=reject | f=a.ex x=a.ex d=a.ex | pass none
        4.10 | a.ex v=DMARC1;p=reject & a.ex v=DMARC1;p=none | f=a.ex | none none
        4.10 | m.a.ex v=DMARC1 & m.a.ex v=DMARC1 & a.ex v=DMARC1;p=reject | f=m.a.ex | fail reject at=a.ex
        4.10 | m.a.ex v=DMARC1;p=none;psd=n & a.ex v=DMARC1;p=reject | f=m.a.ex | fail none org=m.a.ex q=1
        4.10 | m.a.ex v=DMARC1;p=none;psd=y & a.ex v=DMARC1;p=reject | f=m.a.ex | fail none org=m.a.ex q=1
        4.10 | ex v=DMARC1;p=reject;psd=y | f=a.b.c.d.e.f.g.h.i.j.mail.a.ex | fail reject org=a.ex q=8
        4.10 | mail.a.ex v=DMARC1;p=reject | f=a.b.c.d.e.f.g.h.i.j.mail.a.ex | fail reject at=mail.a.ex q=8
        4.10 | i.j.k.l.m.a.ex v=DMARC1;p=reject | f=a.b.i.j.k.l.m.a.ex | fail reject org=i.j.k.l.m.a.ex q=8
        4.10 | c.d.e.f.g.h.a.ex v=DMARC1;p=reject | f=x.y.c.d.e.f.g.h.a.ex | none none q=8
        4.10 | x.y.c.d.e.f.g.h.a.ex v=DMARC1;p=reject | f=x.y.c.d.e.f.g.h.a.ex | fail reject
        4.10 | b.c.d.e.f.g.a.ex v=DMARC1;p=none;psd=n & a.ex v=DMARC1;p=reject | f=mail.a.b.c.d.e.f.g.a.ex | fail reject org=a.ex
        4.10 | a.ex v=DMARC1;p=reject | f=a.ex | fail reject q=2
        4.10 | ex v=DMARC1;p=reject | f=ex | fail reject q=1
        4.10.1 | a.ex v=DMARC1;p=reject;sp=quarantine & m.a.ex + | f=m.a.ex | fail quarantine tag=sp at=a.ex
        4.10.1 | a.ex v=DMARC1;p=reject;sp=quarantine | f=a.ex | fail reject tag=p
        4.10.1 | a.ex v=DMARC1;p=none;sp=none;np=reject & m.a.ex + | f=m.a.ex | fail none tag=sp
        4.10.1 | a.ex v=DMARC1;p=none;sp=none;np=reject | f=m.a.ex | fail reject tag=np
        4.10.1 | a.ex v=DMARC1;p=reject;np=none | f=m.a.ex | fail none tag=np
        4.10.1 | a.ex v=DMARC1;p=reject;np=none & m.a.ex + | f=m.a.ex | fail reject tag=sp
        4.10.1 | a.ex v=DMARC1;p=none;np=reject | f=a.ex | fail none tag=p
        4.10.1 | a.ex v=DMARC1;p=reject;sp=none | f=m.a.ex | fail none
        4.10.1 | a.ex v=DMARC1;p=none;np=reject & m.a.ex - | f=m.a.ex | temperror none
        4.10.1 | a.ex v=DMARC1;p=none;np=reject & m.a.ex - | f=m.a.ex d=a.ex | pass none
        4.10.1 | a.ex v=DMARC1;p=none;np=reject;t=y | f=m.a.ex | fail quarantine policy=reject
        4.10.1 | m.a.ex v=DMARC1;p=none & a.ex v=DMARC1;p=reject | f=m.a.ex | fail none at=m.a.ex org=a.ex
        4.10.1 | m.a.ex v=DMARC1;p=reject;sp=none & a.ex v=DMARC1;p=none | f=m.a.ex | fail reject tag=p
        4.10.1 | m.a.ex v=DMARC1;p=none & a.ex v=DMARC1;p=reject | f=x.m.a.ex | fail reject at=a.ex
        4.10.1 | ex v=DMARC1;p=reject;psd=y & a.ex + | f=a.ex | fail reject at=ex org=a.ex tag=sp
        4.10.1 | ex v=DMARC1;p=none;psd=y;np=reject | f=a.ex | fail reject at=ex tag=np
        4.10.1 | ex v=DMARC1;p=none;psd=y;np=reject & a.ex + | f=a.ex | fail none at=ex
        4.10.1 | ex v=DMARC1;p=reject;psd=y & a.ex v=DMARC1;p=none | f=m.a.ex | fail none at=a.ex org=a.ex
        4.10.1 | ex v=DMARC1;p=reject;psd=y & m.a.ex v=DMARC1;p=none | f=x.m.a.ex | fail reject at=ex org=a.ex
        4.10.1 | ex v=DMARC1;p=reject;psd=y | f=ex | fail reject tag=p at=ex
        4.10.1 | b.ex v=DMARC1;p=reject | f=a.ex | none none
        4.10.1 | a.ex ~ | f=a.ex | temperror none
        4.10.1 | a.ex ~ | f=m.a.ex d=m.a.ex | temperror none
        4.10.1 | m.a.ex v=DMARC1;p=reject & ex ~ | f=m.a.ex d=m.a.ex | temperror none
        4.10.2 | ex v=DMARC1;p=reject;psd=y | f=m.a.ex s=n.a.ex | pass none org=a.ex
        4.10.2 | ex v=DMARC1;p=reject;psd=y | f=a.ex s=b.ex | fail reject org=a.ex
        4.10.2 | ex v=DMARC1;p=reject;psd=y | f=a.ex s=ex | fail reject
        4.10.2 | ex v=DMARC1;p=reject | f=a.ex s=b.ex | pass none org=ex
        4.10.2 | m.a.ex v=DMARC1;p=none & a.ex v=DMARC1;p=reject | f=x.m.a.ex d=y.a.ex | pass none org=a.ex
        4.10.2 | m.a.ex v=DMARC1;p=none;psd=n & a.ex v=DMARC1;p=reject | f=x.m.a.ex d=y.a.ex | fail none org=m.a.ex
        4.10.2 | m.a.ex v=DMARC1;p=none;psd=n & a.ex v=DMARC1;p=reject | f=x.a.ex d=m.a.ex | fail reject org=a.ex
        4.10.2 | m.a.ex v=DMARC1;p=none;psd=n & a.ex v=DMARC1;p=reject | f=a.ex d=x.m.a.ex | fail reject
        4.10.2 | a.ex v=DMARC1;p=reject;psd=y & m.a.ex v=DMARC1;p=none | f=x.m.a.ex d=m.a.ex | pass none org=m.a.ex
        4.10.2 | a.ex v=DMARC1;p=reject;psd=y | f=x.m.a.ex d=n.a.ex | fail reject org=m.a.ex
        4.10.2 | a.ex v=DMARC1;p=reject & m.a.ex ~ | f=a.ex d=m.a.ex | temperror none
        4.10.2 | a.ex v=DMARC1;p=reject & m.a.ex ~ | f=a.ex d=m.a.ex s=a.ex | pass none
        4.10.2 | a.ex v=DMARC1;p=reject & evil.ex ~ | f=a.ex d=evil.ex | fail reject
        5.3.1 | a.ex v=DMARC1;p=reject | | permerror none
        5.3.1 | a.ex v=DMARC1;p=reject | f=a.ex f=b.ex d=a.ex | none none
        5.3.1 | a.ex v=DMARC1;p=reject & b.ex v=DMARC1;p=none | f=b.ex f=a.ex d=b.ex | fail reject
        5.3.1 | a.ex v=DMARC1;p=reject & b.ex v=DMARC1;p=none | f=a.ex f=b.ex d=a.ex d=b.ex | pass none
        5.3.1 | a.ex v=DMARC1;p=reject | f=a.ex f=a.ex d=a.ex | pass none
        5.3.1 | a.ex v=DMARC1;p=reject | f=a.ex f=b.ex f=c.ex f=d.ex f=e.ex | fail reject
        5.3.5 | a.ex v=DMARC1;p=reject | f=a.ex s=b.ex d=c.ex | fail reject
        5.3.6 | a.ex v=DMARC1;p=reject | f=a.ex S=a.ex | temperror none
        5.3.6 | a.ex v=DMARC1;p=reject | f=a.ex S=m.a.ex | temperror none
        5.3.6 | a.ex v=DMARC1;p=reject;aspf=s | f=a.ex S=m.a.ex | fail reject
        5.3.6 | a.ex v=DMARC1;p=reject | f=a.ex S=evil.ex | fail reject
        5.3.6 | a.ex v=DMARC1;p=reject | f=a.ex D=a.ex | temperror none
        5.3.6 | a.ex v=DMARC1;p=reject | f=a.ex D=evil.ex | fail reject
        5.3.6 | a.ex v=DMARC1;p=reject | f=a.ex S=a.ex d=a.ex | pass none
        5.3.6 | a.ex v=DMARC1;p=reject | f=a.ex D=a.ex s=a.ex | pass none
        """;
}
