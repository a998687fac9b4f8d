using System.Net;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Spf;

/// <summary>
/// Checks one identity of a client: check_host() of RFC 7208 §4. It is asynchronous because each
/// question to DNS depends on the last answer; all parsing is in <see cref="SpfRecord"/> and
/// <see cref="SpfMacro"/>.
/// </summary>
public sealed class SpfChecker
{
    /// <summary>The most terms that ask DNS, in all records together (RFC 7208 §4.6.4).</summary>
    public const int TermsMax = 10;

    /// <summary>The most of these questions without an answer (RFC 7208 §4.6.4).</summary>
    public const int VoidsMax = 2;

    /// <summary>The most hosts of one mx, and names of one ptr (RFC 7208 §4.6.4).</summary>
    public const int HostsMax = 10;

    /// <summary>The longest explanation, which fits into a reply of SMTP.</summary>
    public const int ExplanationMax = 400;

    private readonly IAuthenticationDns _dns;
    private readonly SpfRequest _request;
    private readonly IPAddress _address;
    private readonly CancellationToken _stop;
    private List<string>? _names; // Those of the client, proven.
    private int _terms;
    private int _voids;
    private string _reason = "";
    private string? _mechanism;
    private string? _explanation;

    private SpfChecker(IAuthenticationDns dns, SpfRequest request, CancellationToken stop)
    {
        _dns = dns;
        _request = request;
        _stop = stop;
        _address = PlainAddress.Of(request.Address);
    }

    private enum Match
    {
        No,
        Yes,
        Temporary,
        Permanent,
    }

    private bool IsIPv6 => _address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Checks the identity.</summary>
    public static async Task<SpfCheck> CheckAsync(
        IAuthenticationDns dns, SpfRequest request, CancellationToken stop)
    {
        SpfChecker checker = new(dns, request, stop);
        AuthenticationResult result = checker.IsFit(request.Domain)
            ? await checker.CheckHostAsync(request.Domain, isTop: true)
            : AuthenticationResult.None;
        return new SpfCheck(result, request, checker._reason)
        {
            Mechanism = checker._mechanism,
            Explanation = result == AuthenticationResult.Fail ? checker._explanation : null,
        };
    }

    /// <summary>§4.3: a name of more than one label that DNS can hold.</summary>
    private bool IsFit(string domain)
    {
        bool isFit = IsDnsName(domain) && domain.Contains('.') && domain is not ['[', ..];
        _reason = isFit ? "" : "not a domain";
        return isFit;
    }

    private async Task<AuthenticationResult> CheckHostAsync(string domain, bool isTop)
    {
        (SpfRecord? record, AuthenticationResult result) = await FindAsync(domain);
        if (record is null)
        {
            return result;
        }

        foreach (SpfTerm term in record.Terms)
        {
            Match match = await MatchAsync(term, domain);
            if (match == Match.No)
            {
                continue;
            }

            if (match == Match.Yes && isTop)
            {
                _mechanism = WordOf(term.Mechanism);
                await ExplainAsync(term, record, domain);
            }

            return match switch
            {
                Match.Yes => term.Result,
                Match.Temporary => Because(AuthenticationResult.TempError, "DNS does not answer"),
                _ => AuthenticationResult.PermError,
            };
        }

        return record.Redirect is null
            ? AuthenticationResult.Neutral // §4.7
            : await RedirectAsync(record.Redirect, domain, isTop);
    }

    /// <summary>§6.1. Each redirection counts, so that they end.</summary>
    private async Task<AuthenticationResult> RedirectAsync(
        string redirect, string domain, bool isTop)
    {
        if (!TryCount())
        {
            return AuthenticationResult.PermError;
        }

        string? target = await NameAsync(redirect, domain);
        AuthenticationResult result = target is not null && IsFit(target)
            ? await CheckHostAsync(target, isTop)
            : AuthenticationResult.None;
        return result == AuthenticationResult.None
            ? Because(AuthenticationResult.PermError, "redirect leads nowhere")
            : result;
    }

    /// <summary>§4.4, §4.5: the one record of a domain.</summary>
    private async Task<(SpfRecord?, AuthenticationResult)> FindAsync(string domain)
    {
        DnsRecords<string> texts = await _dns.FindTextsAsync(domain, _stop);
        if (texts.Outcome == DnsOutcome.Temporary)
        {
            return (null, Because(AuthenticationResult.TempError, "DNS does not answer"));
        }

        string? text = null;
        foreach (string one in texts.Records)
        {
            if (SpfRecord.IsSpf(one))
            {
                if (text is not null)
                {
                    return (null, Because(AuthenticationResult.PermError, "more than one record"));
                }

                text = one;
            }
        }

        if (text is null)
        {
            return (null, Because(AuthenticationResult.None, "no record"));
        }

        SpfRecord? record = SpfRecord.Find(text);
        return (record, record is not null ? AuthenticationResult.None
            : Because(AuthenticationResult.PermError, "record is not to be understood"));
    }

    private AuthenticationResult Because(AuthenticationResult result, string reason)
    {
        _reason = reason;
        return result;
    }

    private Match Permanent(string reason)
    {
        _reason = reason;
        return Match.Permanent;
    }

    private bool TryCount()
    {
        _reason = ++_terms > TermsMax ? "more than 10 terms that ask DNS" : _reason;
        return _terms <= TermsMax;
    }

    private async ValueTask<Match> MatchAsync(SpfTerm term, string domain)
    {
        if (!term.Asks)
        {
            bool isIn = term.Mechanism == SpfMechanism.All
                || term.Covers(term.Address!, _address);
            return isIn ? Match.Yes : Match.No;
        }

        if (!TryCount())
        {
            return Match.Permanent;
        }

        string? name = term.Domain is null ? domain : await NameAsync(term.Domain, domain);
        if (name is null)
        {
            return Permanent("macro is too long");
        }

        return term.Mechanism switch
        {
            SpfMechanism.Include => await MatchIncludeAsync(name),
            SpfMechanism.A => await MatchAddressesAsync(term, name, IsIPv6),
            SpfMechanism.Mx => await MatchExchangersAsync(term, name),
            SpfMechanism.Ptr => await MatchNamesAsync(name),
            _ => await MatchExistsAsync(name),
        };
    }

    /// <summary>§5.2.</summary>
    private async ValueTask<Match> MatchIncludeAsync(string name)
    {
        AuthenticationResult result = IsFit(name)
            ? await CheckHostAsync(name, isTop: false)
            : AuthenticationResult.None;
        return result switch
        {
            AuthenticationResult.Pass => Match.Yes,
            AuthenticationResult.TempError => Match.Temporary,
            AuthenticationResult.PermError => Match.Permanent,
            AuthenticationResult.None => Permanent("include leads nowhere"),
            _ => Match.No,
        };
    }

    /// <summary>§5.3.</summary>
    private async ValueTask<Match> MatchAddressesAsync(SpfTerm term, string name, bool isIPv6)
    {
        DnsRecords<IPAddress> found = await AddressesAsync(name, isIPv6);
        return Void(found.Outcome)
            ?? (found.Records.Any(one => term.Covers(one, _address)) ? Match.Yes : Match.No);
    }

    /// <summary>§5.7: an A record, whatever the client's family.</summary>
    private async ValueTask<Match> MatchExistsAsync(string name)
    {
        DnsRecords<IPAddress> found = await AddressesAsync(name, isIPv6: false);
        return Void(found.Outcome) ?? (found.Records.Count > 0 ? Match.Yes : Match.No);
    }

    /// <summary>§5.4.</summary>
    private async ValueTask<Match> MatchExchangersAsync(SpfTerm term, string name)
    {
        DnsRecords<string> hosts = IsDnsName(name)
            ? await _dns.FindExchangersAsync(name, _stop)
            : new DnsRecords<string>(DnsOutcome.NoSuchName);
        if (Void(hosts.Outcome) is { } end)
        {
            return end;
        }

        if (hosts.Records.Count > HostsMax)
        {
            return Permanent("more than 10 hosts of an mx");
        }

        foreach (string host in hosts.Records)
        {
            Match match = await MatchAddressesAsync(term, host, IsIPv6);
            if (match != Match.No)
            {
                return match;
            }
        }

        return Match.No;
    }

    /// <summary>§5.5.</summary>
    private async ValueTask<Match> MatchNamesAsync(string name)
    {
        List<string>? names = await ProvenNamesAsync();
        return names is null ? Permanent("more than 2 questions without an answer")
            : names.Any(one => DomainText.IsWithin(one, name.ToLowerInvariant())) ? Match.Yes
            : Match.No;
    }

    /// <summary>The client's names that lead back to its address, asked for once.</summary>
    /// <returns>Null if too many questions had no answer.</returns>
    private async ValueTask<List<string>?> ProvenNamesAsync()
    {
        if (_names is not null)
        {
            return _names;
        }

        List<string> proven = [];
        DnsRecords<string> names = await _dns.FindNamesAsync(_address, _stop);
        if (Void(names.Outcome) == Match.Permanent)
        {
            return null;
        }

        foreach (string name in names.Records.Take(HostsMax))
        {
            DnsRecords<IPAddress> found = await AddressesAsync(name, IsIPv6);
            if (found.Records.Contains(_address))
            {
                proven.Add(name.ToLowerInvariant().TrimEnd('.'));
            }
        }

        return _names = proven;
    }

    /// <summary>The consequence of an answer without records.</summary>
    /// <returns>Null if there is none.</returns>
    private Match? Void(DnsOutcome outcome) => outcome switch
    {
        DnsOutcome.Found => null,
        DnsOutcome.Temporary => Match.Temporary,
        _ => ++_voids > VoidsMax ? Permanent("more than 2 questions without an answer") : Match.No,
    };

    private async ValueTask<DnsRecords<IPAddress>> AddressesAsync(string name, bool isIPv6) =>
        IsDnsName(name)
            ? await _dns.FindAddressesAsync(name, isIPv6, _stop)
            : new DnsRecords<IPAddress>(DnsOutcome.NoSuchName);

    /// <summary>§6.2: only after a fail. On any fault there is no explanation.</summary>
    private async ValueTask ExplainAsync(SpfTerm term, SpfRecord record, string domain)
    {
        if (term.Result != AuthenticationResult.Fail || record.Explanation is null
            || await NameAsync(record.Explanation, domain) is not { } name || !IsDnsName(name))
        {
            return;
        }

        DnsRecords<string> texts = await _dns.FindTextsAsync(name, _stop);
        if (texts.Records is not [string text] || !SpfMacro.IsText(text, isExplanation: true))
        {
            return;
        }

        string? expanded = await SpfMacro.ExpandAsync(text, letter => ValueAsync(letter, domain));
        if (expanded is not null && !expanded.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            _explanation = expanded[..Math.Min(expanded.Length, ExplanationMax)];
        }
    }

    private async ValueTask<string?> NameAsync(string text, string domain)
    {
        string? name = await SpfMacro.ExpandAsync(text, letter => ValueAsync(letter, domain));
        return name is null ? null : SpfMacro.CutName(name);
    }

    /// <summary>§7.2.</summary>
    private async ValueTask<string> ValueAsync(char letter, string domain)
    {
        return letter switch
        {
            's' => _request.Sender,
            'l' => new TextAddress(_request.Sender).Local.ToString(),
            'o' => new TextAddress(_request.Sender).Domain.ToString(),
            'd' => domain,
            'i' => IsIPv6 ? Nibbles(_address) : _address.ToString(),
            'p' => await ClientNameAsync(domain),
            'h' => _request.Helo,
            'v' => IsIPv6 ? "ip6" : "in-addr",
            'c' => _address.ToString(),
            'r' => _request.Receiver,
            _ => _request.Now.ToUnixTimeSeconds().ToString(),
        };
    }

    private static string Nibbles(IPAddress address) => string.Join(
        '.', Convert.ToHexString(address.GetAddressBytes()).AsEnumerable());

    /// <summary>%{p}: the domain itself if it is among the names, else a subdomain of it, else any
    /// name.</summary>
    private async ValueTask<string> ClientNameAsync(string domain)
    {
        List<string> names = await ProvenNamesAsync() ?? [];
        domain = domain.ToLowerInvariant();
        return names.OrderBy(one => one == domain ? 0 : DomainText.IsWithin(one, domain) ? 1 : 2)
            .FirstOrDefault() ?? "unknown";
    }

    private static string WordOf(SpfMechanism mechanism) => mechanism switch
    {
        SpfMechanism.All => "all",
        SpfMechanism.Include => "include",
        SpfMechanism.A => "a",
        SpfMechanism.Mx => "mx",
        SpfMechanism.Ptr => "ptr",
        SpfMechanism.Ip4 => "ip4",
        SpfMechanism.Ip6 => "ip6",
        _ => "exists",
    };

    /// <summary>Whether DNS can hold a name: macros can put any printable character into labels.
    /// </summary>
    private static bool IsDnsName(string name) =>
        name.Length is > 0 and <= DomainText.NameMax
        && !name.AsSpan().ContainsAnyExceptInRange(' ', '~')
        && HasGoodLabels(name.AsSpan().TrimEnd('.'));

    private static bool HasGoodLabels(ReadOnlySpan<char> name)
    {
        foreach (Range label in name.Split('.'))
        {
            if (name[label].Length is 0 or > DomainText.LabelMax)
            {
                return false;
            }
        }

        return true;
    }
}
