using Kopis.Config.Catalog;

namespace Kopis.Host.Migration.Postfix;

/// <summary>Plans relay domains, transports, and relayhost with its logins.</summary>
internal sealed class PostfixRoutes(
    MainCf main, SitePlan plan, IReadOnlySet<string> served)
{
    private readonly PostfixTables _tables = new(plan);
    private readonly RoutePlanner _routes = new(plan, main.IsYes("smtp_tls_wrappermode"));

    /// <summary>Plans all.</summary>
    internal void Plan()
    {
        if (main.IsYes("smtp_sasl_auth_enable"))
        {
            foreach (TableEntry entry in _tables.Read(main, "smtp_sasl_password_maps"))
            {
                _routes.NoteLogin(entry);
            }
        }

        PlanRelayDomains();
        foreach (TableEntry entry in _tables.Read(main, "transport_maps"))
        {
            PlanTransport(entry);
        }

        if (main.Words("relayhost") is [string relay])
        {
            _routes.Plan("", relay, main.LineOf("relayhost"));
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
            _routes.Plan(entry.Key == "*" ? "" : entry.Key, next, entry.Line);
        }
    }
}
