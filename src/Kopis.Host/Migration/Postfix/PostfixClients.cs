using Kopis.Config.Catalog;

namespace Kopis.Host.Migration.Postfix;

/// <summary>Plans which clients may relay and which are refused, from mynetworks and access tables.
/// </summary>
internal sealed class PostfixClients(MainCf main, SitePlan plan)
{
    private static readonly string[] Restrictions =
    [
        "smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions",
        "smtpd_relay_restrictions", "smtpd_recipient_restrictions",
    ];

    // Restrictions that Kopis applies anyway; docs/SESSION.md has their order.
    private static readonly string[] Inherent =
    [
        "permit", "permit_mynetworks", "permit_sasl_authenticated", "permit_auth_destination",
        "reject", "reject_unauth_destination", "defer_unauth_destination",
        "reject_unlisted_recipient", "reject_unverified_recipient",
        "reject_non_fqdn_recipient", "reject_non_fqdn_sender", "reject_unauth_pipelining",
    ];

    private readonly PostfixTables _tables = new(plan);
    private readonly AccessPlanner _access = new(plan);

    /// <summary>Plans all.</summary>
    internal void Plan()
    {
        ForeignLine at = main.LineOf("mynetworks");
        foreach (string word in main.Words("mynetworks"))
        {
            PlanNetwork(at, word);
        }

        foreach (string parameter in Restrictions)
        {
            PlanRestrictions(parameter);
        }
    }

    private void PlanNetwork(ForeignLine at, string word)
    {
        if (word.StartsWith("cidr:", StringComparison.Ordinal)
            || word.StartsWith("hash:", StringComparison.Ordinal))
        {
            foreach (TableEntry entry in _tables.ReadOne(at, "mynetworks", word))
            {
                PlanNetwork(entry.Line, entry.Key);
            }
        }
        else if (word.StartsWith('/'))
        {
            foreach (ForeignLine line in _tables.Lines(at, "mynetworks", "texthash", word) ?? [])
            {
                PlanNetwork(line, line.Text.Split(' ', '\t')[0]);
            }
        }
        else if (word.StartsWith('!'))
        {
            _access.Allow(at, word[1..], relays: false);
        }
        else
        {
            _access.Allow(at, word, relays: true);
        }
    }

    private void PlanRestrictions(string parameter)
    {
        ForeignLine at = main.LineOf(parameter);
        List<string> words = main.Words(parameter);
        for (int i = 0; i < words.Count; i++)
        {
            bool hasTable = words[i].StartsWith("check_", StringComparison.Ordinal)
                && i + 1 < words.Count;
            string? list = words[i] switch
            {
                "check_sender_access" => SmtpFiles.BadMailFrom.Name,
                "check_recipient_access" => SmtpFiles.BadMailTo.Name,
                "check_helo_access" => SmtpFiles.BadHelo.Name,
                "check_client_access" => "",
                _ => null,
            };
            if (hasTable && list is not null)
            {
                foreach (TableEntry entry in _tables.ReadOne(at, parameter, words[++i]))
                {
                    _access.Plan(entry.Line, entry.Key, entry.Value, list);
                }
            }
            else if (!Inherent.Contains(words[i]))
            {
                string more = hasTable || (words[i].StartsWith("reject_r", StringComparison.Ordinal)
                    && i + 1 < words.Count) ? $" {words[++i]}" : "";
                plan.Lose(at, $"{parameter}: {words[i]}{more}",
                    words[i].StartsWith("reject_rbl_client", StringComparison.Ordinal)
                        ? "see dnslists in qmail-control(5)"
                        : "see docs/SESSION.md for what is checked");
            }
        }
    }
}
