using System.Globalization;
using System.Net;
using Kopis.Config.Catalog;

namespace Kopis.Host.Migration.Postfix;

/// <summary>Relay domains, transports, relayhost and its logins, as a plan.</summary>
internal sealed class PostfixRoutes(
    MainCf main, SitePlan plan, IReadOnlySet<string> served)
{
    private readonly PostfixTables _tables = new(plan);
    private readonly Dictionary<string, TableEntry> _logins = new(StringComparer.Ordinal);

    /// <summary>Plans all.</summary>
    internal void Plan()
    {
        if (main.IsYes("smtp_sasl_auth_enable"))
        {
            foreach (TableEntry entry in _tables.Read(main, "smtp_sasl_password_maps"))
            {
                _logins.TryAdd(entry.Key, entry);
            }
        }

        PlanRelayDomains();
        foreach (TableEntry entry in _tables.Read(main, "transport_maps"))
        {
            PlanTransport(entry);
        }

        if (main.Words("relayhost") is [string relay])
        {
            PlanRoute("", relay, main.LineOf("relayhost"));
        }
    }

    private void PlanRelayDomains()
    {
        ForeignLine at = main.LineOf("relay_domains");
        bool hasParents = main.Words("parent_domain_matches_subdomains").Contains("relay_domains");
        foreach (string word in main.Words("relay_domains"))
        {
            if (word.Contains(':') && !word.StartsWith('/'))
            {
                foreach (TableEntry entry in _tables.ReadOne(at, "relay_domains", word))
                {
                    Relay(entry.Key, hasParents);
                }
            }
            else if (word.StartsWith('/'))
            {
                foreach (ForeignLine line in
                    _tables.Lines(at, "relay_domains", "texthash", word) ?? [])
                {
                    Relay(line.Text.ToLowerInvariant(), hasParents);
                }
            }
            else
            {
                Relay(word.ToLowerInvariant(), hasParents);
            }
        }
    }

    private void Relay(string domain, bool hasParents)
    {
        plan.Add(SmtpFiles.RcptHosts, domain);
        if (hasParents && domain[0] != '.')
        {
            plan.Add(SmtpFiles.RcptHosts, "." + domain);
        }
    }

    private void PlanTransport(TableEntry entry)
    {
        int colon = entry.Value.IndexOf(':');
        string transport = colon < 0 ? entry.Value : entry.Value[..colon];
        string next = colon < 0 ? "" : entry.Value[(colon + 1)..].Trim();
        if (transport.Length == 0 && next.Length == 0)
        {
            return; // As if the line were not there.
        }

        if (served.Contains(entry.Key))
        {
            if (transport is not ("local" or "virtual"))
            {
                plan.Lose(entry.Line, entry.Key, "the domain is this host's own: take it out of "
                    + "control/locals, and add the route to control/smtproutes");
            }
        }
        else if (entry.Key.Contains('@') || transport is not ("smtp" or "relay" or ""))
        {
            plan.Lose(entry.Line, $"{entry.Key} {entry.Value}", entry.Key.Contains('@')
                ? "smtproutes are of domains"
                : $"there is no transport {transport}");
        }
        else
        {
            PlanRoute(entry.Key == "*" ? "" : entry.Key, next, entry.Line);
        }
    }

    // [host]:port, host, host:port; nothing: the domain's own MX.
    private void PlanRoute(string domain, string next, ForeignLine line)
    {
        if (next.Length == 0)
        {
            plan.Add(RemoteFiles.SmtpRoutes, $"{domain}:");
            return;
        }

        if (!TryPlace(next, out string host, out int port))
        {
            plan.Lose(line, next, "not host, [host] or host:port");
            return;
        }

        if (!next.StartsWith('['))
        {
            plan.Notes.Add($"{line.File}:{line.Number}: {next}: mail goes to the host {host} "
                + "itself; Postfix asked for the MX of that name");
        }

        string place = string.Create(CultureInfo.InvariantCulture,
            $"{(host.Contains(':') ? $"[{host}]" : host)}:{port}");
        if (!TryLogin(next, host, out TableEntry login))
        {
            plan.Add(RemoteFiles.SmtpRoutes, $"{domain}:{place}");
            return;
        }

        int colon = login.Value.IndexOf(':');
        string user = colon < 0 ? login.Value : login.Value[..colon];
        string password = colon < 0 ? "" : login.Value[(colon + 1)..];
        if ((user + password).AsSpan().ContainsAny('|', '\n') || user.Length == 0
            || password.Length == 0)
        {
            plan.Lose(login.Line, login.Key, "a login that auth/smtproutes cannot have");
            return;
        }

        string tls = port == SmtpsPort || main.IsYes("smtp_tls_wrappermode") ? "|tls" : "";
        plan.Logins.Add($"{domain}:{place}|{user}|{password}{tls}");
    }

    private const int SmtpPort = 25;
    private const int SmtpsPort = 465;

    private bool TryLogin(string next, string host, out TableEntry login) =>
        _logins.TryGetValue(next.ToLowerInvariant(), out login)
        || _logins.TryGetValue($"[{host}]", out login) || _logins.TryGetValue(host, out login);

    private static bool TryPlace(string text, out string host, out int port)
    {
        int end = text.StartsWith('[') ? text.IndexOf(']') : -1;
        int colon = text.IndexOf(':', Math.Max(0, end));
        host = (end > 0 ? text[1..end] : colon < 0 ? text : text[..colon]).ToLowerInvariant();
        port = SmtpPort;
        string number = colon < 0 ? "" : text[(colon + 1)..];
        bool isPort = number switch
        {
            "" or "smtp" => colon < 0 || number.Length > 0,
            "submission" => (port = 587) > 0,
            "smtps" or "submissions" => (port = SmtpsPort) > 0,
            _ => int.TryParse(
                number, NumberStyles.None, CultureInfo.InvariantCulture, out port)
                && port is > 0 and <= ushort.MaxValue,
        };
        host = host.StartsWith("ipv6:", StringComparison.Ordinal) ? host["ipv6:".Length..] : host;
        return isPort && host.Length > 0 && (IPAddress.TryParse(host, out _)
            || host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-'));
    }
}
