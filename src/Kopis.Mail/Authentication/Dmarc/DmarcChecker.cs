using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Spf;

namespace Kopis.Mail.Authentication.Dmarc;

/// <summary>Checks a message by DMARC (RFC 9989 §5.3), from the results of SPF and DKIM. It is
/// asynchronous because the tree walk asks DNS. A walk asks at most 8 times, and only for
/// identifiers below the author's organization.</summary>
public sealed class DmarcChecker
{
    private readonly IAuthenticationDns _dns;
    private readonly SpfCheck? _spf;
    private readonly IReadOnlyList<DkimCheck> _dkim;
    private readonly TreeWalk _walk;
    private readonly CancellationToken _stop;

    private DmarcChecker(
        IAuthenticationDns dns,
        SpfCheck? spf,
        IReadOnlyList<DkimCheck> dkim,
        CancellationToken stop)
    {
        _dns = dns;
        _spf = spf;
        _dkim = dkim;
        _walk = new TreeWalk(dns, stop);
        _stop = stop;
    }

    /// <summary>Checks a message.</summary>
    /// <param name="dns">The source of records.</param>
    /// <param name="author">The domains of From.</param>
    /// <param name="spf">SPF of MAIL FROM, or of HELO if MAIL FROM is empty; null if there is none.
    /// </param>
    /// <param name="dkim">The signatures.</param>
    /// <param name="stop">Cancels the check.</param>
    /// <returns>The worst result, if there are several domains (§5.3.1): one more author must not
    /// improve the result of a message.</returns>
    public static async Task<DmarcCheck> CheckAsync(
        IAuthenticationDns dns,
        AuthorDomains author,
        SpfCheck? spf,
        IReadOnlyList<DkimCheck> dkim,
        CancellationToken stop)
    {
        if (author.Domains.Count == 0)
        {
            string reason = author.Fields == 0 ? "no From" : "From has no domain";
            return new DmarcCheck(AuthenticationResult.PermError, "", reason);
        }

        DmarcChecker checker = new(dns, spf, dkim, stop);
        DmarcCheck worst = await checker.CheckAsync(author.Domains[0]);
        foreach (string domain in author.Domains.Skip(1).Take(AuthorDomains.DomainsMax - 1))
        {
            DmarcCheck next = await checker.CheckAsync(domain);
            worst = Badness(next) > Badness(worst) ? next : worst;
        }

        bool isTooMany = author.Domains.Count > AuthorDomains.DomainsMax;
        return worst.Result == AuthenticationResult.Pass && (isTooMany || author.Fields > 1)
            ? worst with { Result = AuthenticationResult.PermError, Reason = "more than one From" }
            : worst;
    }

    private static int Badness(DmarcCheck check) => check.Result switch
    {
        AuthenticationResult.Fail => 3 + (int)check.Disposition,
        AuthenticationResult.TempError => 2,
        AuthenticationResult.Pass => 0,
        _ => 1,
    };

    private async Task<DmarcCheck> CheckAsync(string domain)
    {
        if (await _walk.WalkAsync(domain) is not { } found)
        {
            return new DmarcCheck(AuthenticationResult.TempError, domain, "DNS does not answer");
        }

        string organization = TreeWalk.Organization(domain, found);
        (string at, DmarcRecord? record) = Applicable(domain, organization, found);
        if (record is not { IsUsable: true })
        {
            string why = record is null ? "no policy" : "policy is not to be understood";
            return new DmarcCheck(AuthenticationResult.None, domain, why);
        }

        (bool isSpf, bool isUnsure) = await AlignsAsync(
            _spf?.AuthenticatedDomain, domain, organization, record.IsSpfStrict);
        bool isDkim = false;
        foreach (string signer in _dkim.Select(one => one.AuthenticatedDomain).OfType<string>()
            .Distinct())
        {
            (bool isOne, bool isOneUnsure) = await AlignsAsync(
                signer, domain, organization, record.IsDkimStrict);
            isDkim |= isOne;
            isUnsure |= isOneUnsure;
        }

        isUnsure |= MightAlign(domain, organization, record);
        DmarcCheck check = isSpf || isDkim ? new(AuthenticationResult.Pass, domain, "")
            : isUnsure ? new(AuthenticationResult.TempError, domain, "DNS does not answer")
            : new(AuthenticationResult.Fail, domain, "nothing aligned has passed");
        return await WithPolicyAsync(check with
        {
            Record = record,
            PolicyDomain = at,
            Organization = organization,
            IsSpfAligned = isSpf,
            IsDkimAligned = isDkim,
        });
    }

    /// <summary>The record of the domain, or else of its organization, or else of the public suffix
    /// above that (§4.10.1).</summary>
    private static (string Name, DmarcRecord? Record) Applicable(
        string domain, string organization, List<(string Name, DmarcRecord Record)> found)
    {
        (string, DmarcRecord?) own = found.Find(one => one.Name == domain);
        (string, DmarcRecord?) its = found.Find(one => one.Name == organization);
        (string, DmarcRecord?) above = found.Find(one => one.Record.PublicSuffix == 'y');
        return own.Item2 is not null ? own : its.Item2 is not null ? its : above;
    }

    /// <summary>Whether an authenticated domain is aligned (§4.4, §4.10.2), and whether that
    /// remains open because of DNS.</summary>
    private async ValueTask<(bool IsAligned, bool IsUnsure)> AlignsAsync(
        string? identifier, string domain, string organization, bool isStrict)
    {
        if (identifier is null || identifier == domain)
        {
            return (identifier is not null, false);
        }

        // If the organization is the same, it is above both names, so only such names need a walk.
        if (isStrict || !DomainText.IsWithin(identifier, organization))
        {
            return (false, false);
        }

        return await _walk.WalkAsync(identifier) is { } found
            ? (TreeWalk.Organization(identifier, found) == organization, false)
            : (false, true);
    }

    /// <summary>Whether DNS prevented a check of a domain that could be aligned (§5.3.6). Other
    /// domains do not count, since a sender can add any number of those.</summary>
    private bool MightAlign(string domain, string organization, DmarcRecord record)
    {
        bool IsNear(string? identifier, bool isStrict) => identifier is not null
            && (isStrict ? identifier == domain : DomainText.IsWithin(identifier, organization));

        return (_spf?.Result == AuthenticationResult.TempError
                && IsNear(DomainText.Normalize(_spf.Request.Domain), record.IsSpfStrict))
            || _dkim.Any(one => one.Result == AuthenticationResult.TempError
                && IsNear(one.Signature?.Domain, record.IsDkimStrict));
    }

    /// <summary>The policy: p= for the name that has the record, sp= below it, and np= if the name
    /// does not exist (§4.10.1).</summary>
    private async ValueTask<DmarcCheck> WithPolicyAsync(DmarcCheck check)
    {
        DmarcRecord record = check.Record!;
        if (check.PolicyDomain == check.AuthorDomain)
        {
            return check with { Policy = record.Policy };
        }

        bool? exists = record.MissingPolicy == record.SubdomainPolicy
            ? true
            : await ExistsAsync(check.AuthorDomain);
        if (exists is null && check.Result == AuthenticationResult.Fail)
        {
            return check with
            {
                Result = AuthenticationResult.TempError,
                Reason = "DNS does not answer",
            };
        }

        return exists == false
            ? check with { Policy = record.MissingPolicy, PolicyTag = "np" }
            : check with { Policy = record.SubdomainPolicy, PolicyTag = "sp" };
    }

    /// <summary>Whether a name exists: DNS gives any answer except NXDOMAIN (§3.2.13).</summary>
    private async ValueTask<bool?> ExistsAsync(string name) =>
        (await _dns.FindAddressesAsync(name, isIPv6: false, _stop)).Outcome switch
        {
            DnsOutcome.Temporary => null,
            DnsOutcome.NoSuchName => false,
            _ => true,
        };
}
