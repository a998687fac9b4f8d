using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary>
/// <c>control/destinations</c>: lines <c>PATTERN key=value…</c>. A pattern is a domain,
/// <c>.domain</c> (all names below it, together), <c>mx:host</c>, <c>mx:.suffix</c>,
/// <c>relay:host</c>, <c>lmtp:PATH</c>, <c>lmtp:HOST:PORT</c>, or <c>*</c>. The keys that a line
/// does not have are as in <c>*</c>, else as in <see cref="DestinationRule.Default"/>. A wrong line
/// is ignored, with a warning.
/// </summary>
public sealed class DestinationRules
{
    private const string Shape = "PATTERN with concurrency=N, initial=N, rate=N/s (or /m, /h), "
        + "messages=N, recipients=N or idle=SECONDS";

    private const int ConcurrencyMax = 10_000; // Deliveries of qmail-rspawn at once.
    private const int RateMax = 1_000_000;
    private const int RecipientsMax = 100; // RFC 5321 §4.5.3.1.8.
    private const int IdleSecondsMax = 3600;

    private static readonly SearchValues<char> NoName = SearchValues.Create("*?[],;=");

    private readonly Dictionary<string, DestinationRule> _rules = new(StringComparer.Ordinal);
    private readonly DestinationRule _default;

    private DestinationRules(ControlDirectory control)
    {
        Dictionary<string, string[]> lines = new(StringComparer.Ordinal);
        _ = control.ReadEach(
            RemoteFiles.Destinations,
            line =>
            {
                string[] words = ByteText.ToText(Ascii8.ToLower(line)).Split(
                    [' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                if (words.Length < 2 || !IsPattern(words[0])
                    || Apply(DestinationRule.Default, words.AsSpan(1)) is null)
                {
                    return false;
                }

                lines[words[0]] = words[1..];
                return true;
            },
            Shape);
        _default = lines.TryGetValue("*", out string[]? all)
            ? Apply(DestinationRule.Default, all)! : DestinationRule.Default;
        foreach ((string pattern, string[] keys) in lines)
        {
            _rules[pattern] = Apply(_default, keys)!;
        }
    }

    /// <summary>Reads the file; without it all have the defaults.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static DestinationRules Read(ControlDirectory control) => new(control);

    /// <summary>The destination of a domain that has a line of its own, or is below one:
    /// <c>domain NAME</c>, where the name is that of the line; else null.</summary>
    /// <param name="domain">In A-labels; case does not matter.</param>
    public string? DomainDestination(string domain) =>
        Match("", domain.ToLowerInvariant()) is { } pattern ? $"domain {pattern}" : null;

    /// <summary>The rule of a destination, by its name: <c>domain NAME</c>,
    /// <c>relay [host]:port</c> with what follows, <c>lmtp PLACE</c>, or names of MX with commas
    /// between them, of which the first that has a line counts.</summary>
    public DestinationRule Find(string destination)
    {
        int blank = destination.IndexOf(' ');
        string? pattern = (blank < 0 ? "" : destination[..blank]) switch
        {
            "domain" => destination[(blank + 1)..],
            "lmtp" => "lmtp:" + destination[(blank + 1)..].ToLowerInvariant(),
            "relay" => "relay:" + RelayHost(destination[(blank + 1)..]),
            "" => destination.Split(',').Select(host => Match("mx:", host))
                .FirstOrDefault(found => found is not null),
            _ => null,
        };
        return pattern is null ? _default : _rules.GetValueOrDefault(pattern, _default);
    }

    private static string RelayHost(string place)
    {
        int end = place.IndexOf("]:", StringComparison.Ordinal);
        return place.StartsWith('[') && end > 0 ? place[1..end].ToLowerInvariant() : "";
    }

    /// <summary>The line for a name: its own, else that of the longest suffix.</summary>
    private string? Match(string kind, string name)
    {
        if (_rules.ContainsKey(kind + name))
        {
            return kind + name;
        }

        for (int dot = name.IndexOf('.'); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            if (_rules.ContainsKey(kind + name[dot..]))
            {
                return kind + name[dot..];
            }
        }

        return null;
    }

    private static bool IsPattern(string word)
    {
        int colon = word.IndexOf(':');
        string kind = colon < 0 ? "" : word[..colon];
        string rest = word[(colon + 1)..];
        return rest.Length is > 0 and <= 240 && !rest.AsSpan().ContainsAnyExceptInRange('!', '~')
            && kind switch
            {
                "" => colon < 0 && (rest == "*" || IsName(rest)),
                "mx" or "relay" => IsName(rest),
                "lmtp" => true,
                _ => false,
            };
    }

    // Anything else was meant as a pattern or a list, which a line cannot be.
    private static bool IsName(string word) => !word.AsSpan().ContainsAny(NoName);

    private static DestinationRule? Apply(DestinationRule rule, ReadOnlySpan<string> keys)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (string key in keys)
        {
            int equals = key.IndexOf('=');
            string name = equals < 0 ? "" : key[..equals];
            string value = key[(equals + 1)..];
            DestinationRule? next = name switch
            {
                "concurrency" when Number(value, 1, ConcurrencyMax) is { } number =>
                    rule with { Concurrency = number },
                "initial" when Number(value, 1, ConcurrencyMax) is { } number =>
                    rule with { Initial = number },
                "messages" when Number(value, 1, int.MaxValue) is { } number =>
                    rule with { Messages = number },
                "recipients" when Number(value, 1, RecipientsMax) is { } number =>
                    rule with { Recipients = number },
                "idle" when Number(value, 0, IdleSecondsMax) is { } number =>
                    rule with { IdleSeconds = number },
                "rate" => WithRate(rule, value),
                _ => null,
            };
            if (next is null || !seen.Add(name))
            {
                return null;
            }

            rule = next;
        }

        return rule with { Initial = Math.Min(rule.Initial, rule.Concurrency) };
    }

    private static DestinationRule? WithRate(DestinationRule rule, string value)
    {
        int seconds = value switch
        {
            [.., '/', 's'] => 1,
            [.., '/', 'm'] => 60,
            [.., '/', 'h'] => 3600,
            _ => 0,
        };
        return seconds > 0 && Number(value[..^2], 1, RateMax) is { } number
            ? rule with { Rate = number, RateSeconds = seconds } : null;
    }

    private static int? Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number >= least && number <= most ? number : null;
}
