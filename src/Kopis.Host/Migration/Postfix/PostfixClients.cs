using System.Net;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Net.Listener;

namespace Kopis.Host.Migration.Postfix;

/// <summary>Who may relay and who is refused: mynetworks and access tables, as a plan.</summary>
internal sealed class PostfixClients(MainCf main, SitePlan plan)
{
    private const string Relays = "allow,RELAYCLIENT=\"\"";

    private static readonly string[] Restrictions =
    [
        "smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions",
        "smtpd_relay_restrictions", "smtpd_recipient_restrictions",
    ];

    // What Kopis does anyway: its order is in docs/SESSION.md.
    private static readonly string[] Inherent =
    [
        "permit", "permit_mynetworks", "permit_sasl_authenticated", "permit_auth_destination",
        "reject", "reject_unauth_destination", "defer_unauth_destination",
        "reject_unlisted_recipient", "reject_unverified_recipient",
        "reject_non_fqdn_recipient", "reject_non_fqdn_sender", "reject_unauth_pipelining",
    ];

    private readonly PostfixTables _tables = new(plan);

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
        else if (word.StartsWith('!') && KeyOf(word[1..]) is { } exception)
        {
            AddRule(at, word, $"{exception}:allow");
        }
        else if (KeyOf(word) is { } key)
        {
            AddRule(at, word, $"{key}:{Relays}");
        }
        else
        {
            plan.Lose(at, $"mynetworks: {word}", "not an address or a network");
        }
    }

    private void AddRule(ForeignLine at, string what, string rule)
    {
        if (!new TcpRulesCompiler().TryAdd(ByteText.ToBytes(rule)))
        {
            plan.Lose(at, what, "no rule of tcprules can say this");
        }
        else if (!plan.ClientRules.Contains(rule))
        {
            plan.ClientRules.Add(rule);
        }
    }

    /// <summary>The key of tcprules for an address or network of Postfix; null for what is
    /// neither.</summary>
    internal static string? KeyOf(string word)
    {
        string plain = word.Replace("[", "").Replace("]", "");
        return IPNetwork.TryParse(plain, out IPNetwork network)
                ? network.PrefixLength == network.BaseAddress.GetAddressBytes().Length * 8
                    ? network.BaseAddress.ToString()
                    : network.ToString()
            : IPAddress.TryParse(plain, out IPAddress? address) && IsWhole(plain)
                ? address.ToString()
            : null;
    }

    // IPAddress reads 10.1 and 2130706433 too.
    private static bool IsWhole(string text) => text.Contains(':') || text.Split('.').Length == 4;

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
                    PlanAccess(entry, list);
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

    private void PlanAccess(TableEntry entry, string list)
    {
        string action = entry.Value.Split(' ', '\t')[0].ToUpperInvariant();
        bool isRefused = action == "REJECT" || action == "DISCARD"
            || (action.Length == 3 && action[0] == '5');
        if (!isRefused || action == "DISCARD")
        {
            if (action is not ("OK" or "DUNNO" or "PERMIT"))
            {
                plan.Lose(entry.Line, entry.Key, $"action {action} has no equal");
            }
            else if (action == "OK" && list != "")
            {
                plan.Lose(entry.Line, entry.Key,
                    $"an exception: control/{list} has them as lines that begin with !");
            }

            return;
        }

        if (list.Length == 0)
        {
            AddRule(entry.Line, entry.Key, $"{KeyOf(entry.Key) ?? PrefixOf(entry.Key)}:deny");
            return;
        }

        string[] lines = entry.Key.Contains('@') || list == SmtpFiles.BadHelo.Name
            ? [entry.Key.EndsWith('@') ? entry.Key + "*" : entry.Key]
            : [$"@{entry.Key}"];
        foreach (string line in lines)
        {
            plan.Add(list switch
            {
                "badmailfrom" => SmtpFiles.BadMailFrom,
                "badmailto" => SmtpFiles.BadMailTo,
                _ => SmtpFiles.BadHelo,
            }, line);
        }
    }

    // 10.1 is a network of Postfix's tables; what has letters is a name.
    private static string PrefixOf(string key) => key.All(c => char.IsAsciiDigit(c) || c == '.')
        ? key.TrimEnd('.') + "."
        : key[0] == '.' ? $"={key}" : $"={key}";
}
