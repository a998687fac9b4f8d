using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Remote.Sources;

/// <summary>Which of this host's addresses one message to one domain is sent from.</summary>
internal sealed class SourceChoice
{
    private readonly List<SourceRule> _fitting = []; // Up to the first that fits whatever server.
    private readonly byte[] _seed;

    /// <param name="rules">The lines.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="host">The recipients' domain.</param>
    internal SourceChoice(SourceRules rules, byte[] sender, byte[] host)
    {
        if (rules.All.Count == 0)
        {
            _seed = [];
            return;
        }

        string from = ByteText.ToText(Ascii8.ToLower(sender));
        string fromDomain = from[(from.LastIndexOf('@') + 1)..];
        string domain = TargetFinder.NameOf(host).ToLowerInvariant();
        _seed = ByteText.ToBytes($"{from}\n{domain}");
        foreach (SourceRule rule in rules.All)
        {
            bool isForAny = rule.Kind switch
            {
                SourceKind.Recipient => rule.Fits(domain),
                SourceKind.Sender => rule.Fits(
                    rule.Name.Contains('@', StringComparison.Ordinal) ? from : fromDomain),
                _ => false,
            };
            if (isForAny || rule.Kind == SourceKind.Server)
            {
                _fitting.Add(rule);
            }

            if (isForAny)
            {
                Key = " from " + rule.Place.ToString(CultureInfo.InvariantCulture);
                break;
            }
        }
    }

    /// <summary>A part of the keys of connections: mail of another line does not share them.
    /// </summary>
    internal string Key { get; } = "";

    /// <summary>Why mail waits whatever server it is for; null: it does not.</summary>
    internal string? Fault => _fitting.Find(
        rule => rule.Kind != SourceKind.Server && rule.Fault is not null)?.Fault;

    /// <summary>The line for a server; null: the system chooses.</summary>
    /// <param name="server">Its name, or else its address.</param>
    internal SourceRule? Find(string server) => _fitting.Find(
        rule => rule.Kind != SourceKind.Server || rule.Fits(server.ToLowerInvariant()));

    /// <summary>The addresses of a line in the order of trying: the same one each time for the
    /// same sender and domain, as greylists want it, and what is rested last.</summary>
    /// <param name="rule">The line.</param>
    /// <param name="family">Of the server's address.</param>
    /// <param name="destination">Where it goes.</param>
    /// <param name="rests">Which are rested.</param>
    internal IReadOnlyList<IPAddress> Order(
        SourceRule rule, AddressFamily family, string destination, SourceRests rests) =>
    [
        .. rule.Addresses.Where(one => one.AddressFamily == family)
            .OrderBy(one => rests.Until(destination, one))
            .ThenBy(one => Crc32C.Of([.. one.GetAddressBytes(), .. _seed])),
    ];

    /// <summary>Whether a connection comes from the address that a new one would be tried from
    /// first.</summary>
    internal bool Fits(SmtpLink link, SourceRests rests) =>
        link.Source is not { } source
        || Find(link.Host.Length > 0 ? link.Host : link.Ip) is not { } rule
        || (Order(rule, source.AddressFamily, link.Destination, rests) is [var first, ..]
            && source.Equals(first));

    /// <summary>Whether a server may have this mail from an address that is not rested.</summary>
    internal bool HasOther(AttemptServer server, AddressFamily family, SourceRests rests) =>
        Find(server.Host.Length > 0 ? server.Host : server.Address) is { } rule
        && rule.Addresses.Any(one => one.AddressFamily == family
            && rests.Until(server.Destination, one) == 0);
}
