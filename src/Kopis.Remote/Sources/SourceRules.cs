using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Remote.Sources;

/// <summary><c>control/sourceaddresses</c>, and the files of qmail's patches: <c>bindroutes</c>
/// (<c>domain:address</c>), and <c>outgoingip</c> with an address for all mail. The first line that
/// matches counts, in this order of files.</summary>
internal sealed class SourceRules
{
    private const int RulesMax = 1000; // Each new connection searches them.
    private const int AddressesMax = 64; // For one line.

    private const string Shape = "PATTERN and addresses of this host";

    private readonly List<SourceRule> _rules = [];

    private SourceRules()
    {
    }

    /// <summary>No lines: the system chooses.</summary>
    internal static SourceRules None { get; } = new();

    /// <summary>The lines, in order.</summary>
    internal IReadOnlyList<SourceRule> All => _rules;

    /// <summary>Why lines cannot be used; mail that they match waits.</summary>
    internal IEnumerable<string> Faults =>
        _rules.Select(rule => rule.Fault).OfType<string>();

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationException">A file cannot be read, or has too many lines.
    /// </exception>
    internal static SourceRules Read(ControlDirectory control)
    {
        SourceRules rules = new();
        _ = control.ReadEach(RemoteFiles.SourceAddresses, rules.TryAdd, Shape);
        _ = control.ReadEach(RemoteFiles.BindRoutes, rules.TryAddRoute, "domain:address");
        if (control.ReadLine(RemoteFiles.OutgoingIp) is { Length: > 0 } line
            && !line.AsSpan().SequenceEqual("0.0.0.0"u8)) // The patch's word for the system's.
        {
            rules.Add(SourceKind.Recipient, "", [ByteText.ToText(line)], RemoteFiles.OutgoingIp);
        }

        return rules._rules.Count > RulesMax
            ? throw control.Bad(RemoteFiles.SourceAddresses, $"more than {RulesMax} lines")
            : rules;
    }

    private bool TryAdd(byte[] line)
    {
        string[] words = ByteText.ToText(Ascii8.ToLower(line)).Split(
            [' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2)
        {
            return false;
        }

        string pattern = words[0];
        bool isServer = pattern.StartsWith("mx:", StringComparison.Ordinal);
        bool isSender = pattern.Contains('@', StringComparison.Ordinal);
        string name = isServer ? pattern[3..] : pattern;
        string domain = new TextAddress(name).DomainOrAll.ToString();
        bool isAll = pattern == "*";
        if (!isAll && (domain.Length is 0 or > 255 || !domain.All(IsOfName)))
        {
            return false;
        }

        // A domain of senders is looked for without its @.
        Add(
            isServer ? SourceKind.Server : isSender ? SourceKind.Sender : SourceKind.Recipient,
            isAll ? "" : name.StartsWith('@') ? domain : name, words[1..],
            RemoteFiles.SourceAddresses);
        return true;
    }

    private bool TryAddRoute(byte[] line)
    {
        string text = ByteText.ToText(Ascii8.ToLower(line));
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !text[..colon].All(IsOfName))
        {
            return false;
        }

        if (colon < text.Length - 1) // Without an address the system chooses.
        {
            Add(SourceKind.Recipient, text[..colon], [text[(colon + 1)..].Trim('[', ']')],
                RemoteFiles.BindRoutes);
            return true;
        }

        _rules.Add(new SourceRule(_rules.Count, SourceKind.Recipient, text[..colon], []));
        return true;
    }

    private void Add(SourceKind kind, string name, string[] words, ControlFile file)
    {
        List<IPAddress> addresses = [];
        string? fault = words.Length > AddressesMax ? $"more than {AddressesMax} addresses" : null;
        foreach (string word in words)
        {
            if (TargetFinder.ParseLiteral(word) is { } address && !word.StartsWith('[')
                && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
            {
                addresses.Add(address);
            }
            else
            {
                fault ??= $"\"{LogText.Safe(ByteText.ToBytes(word))}\" is not an address";
            }
        }

        _rules.Add(new SourceRule(
            _rules.Count, kind, name, addresses, fault is null ? null : $"{file}: {fault}")
        {
            IsOfPatch = file == RemoteFiles.OutgoingIp,
        });
    }

    private static bool IsOfName(char c) =>
        char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':';
}
