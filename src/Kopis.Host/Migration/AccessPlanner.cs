using System.Net;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Net.Listener;

namespace Kopis.Host.Migration;

/// <summary>Who may relay and who is refused, as rules of tcprules and lists. Pure.</summary>
/// <param name="plan">What becomes of it.</param>
internal sealed class AccessPlanner(SitePlan plan)
{
    private const string Relays = "allow,RELAYCLIENT=\"\"";

    /// <summary>Lets clients in.</summary>
    /// <param name="line">Where it is said.</param>
    /// <param name="word">An address or network.</param>
    /// <param name="relays">Whether they may relay.</param>
    internal void Allow(ForeignLine line, string word, bool relays)
    {
        if (KeyOf(word) is { } key)
        {
            AddRule(line, word, relays ? $"{key}:{Relays}" : $"{key}:allow");
        }
        else
        {
            plan.Lose(line, word, "not an address or a network");
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
                ? KeyOf(network, plain[..plain.IndexOf('/')])
            : IPAddress.TryParse(plain, out IPAddress? address) && IsWhole(plain)
                ? address.ToString()
            : null;
    }

    // Bits beyond the length are an error, as they are in Postfix and in tcprules.
    private static string? KeyOf(IPNetwork network, string first) =>
        !IPAddress.Parse(first).Equals(network.BaseAddress) ? null
            : network.PrefixLength == network.BaseAddress.GetAddressBytes().Length * 8
                ? network.BaseAddress.ToString()
            : network.ToString();

    // IPAddress reads 10.1 and 2130706433 too.
    private static bool IsWhole(string text) => text.Contains(':') || text.Split('.').Length == 4;

    /// <summary>Plans a line of an access table: OK, REJECT, 5xx and the like.</summary>
    /// <param name="line">Where it is.</param>
    /// <param name="key">Address, domain, network or name.</param>
    /// <param name="value">What is done.</param>
    /// <param name="list">badmailfrom, badmailto, badhelo; empty for clients.</param>
    internal void Plan(ForeignLine line, string key, string value, string list)
    {
        string action = value.Split(' ', '\t', ':')[0].ToUpperInvariant();
        bool isRefused = action is "REJECT" or "DISCARD" or "ERROR"
            || (action.Length == 3 && action[0] == '5');
        if (!isRefused || action == "DISCARD")
        {
            if (action is not ("OK" or "DUNNO" or "PERMIT"))
            {
                plan.Lose(line, key, $"action {action} has no equal");
            }
            else if (action == "OK" && list != "")
            {
                plan.Lose(line, key,
                    $"an exception: control/{list} has them as lines that begin with !");
            }

            return;
        }

        if (list.Length == 0)
        {
            AddRule(line, key, $"{KeyOf(key) ?? PrefixOf(key)}:deny");
            return;
        }

        plan.Add(
            list switch
            {
                "badmailfrom" => SmtpFiles.BadMailFrom,
                "badmailto" => SmtpFiles.BadMailTo,
                _ => SmtpFiles.BadHelo,
            },
            key.EndsWith('@') ? $"{key}*"
                : key.Contains('@') || list == SmtpFiles.BadHelo.Name ? key
                : $"@{key}");
    }

    // 10.1 is a network of Postfix's tables; what has letters is a name.
    private static string PrefixOf(string key) => key.All(c => char.IsAsciiDigit(c) || c == '.')
        ? key.TrimEnd('.') + "."
        : $"={key}";
}
