using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Net.Dns;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>Finds the names of destinations (docs/SENDING.md). Domains whose mail goes to the same
/// servers have the same name. The DNS questions are those that a delivery asks later, and their
/// answers are cached.</summary>
internal sealed class DestinationNames(RemoteSettings settings, IMailDns dns)
{
    /// <summary>Routes do not come from DNS; their file may change.</summary>
    private const uint RouteSeconds = 300;

    /// <summary>Answers a question of qmail-send.</summary>
    internal async Task<WideAnswer> AnswerAsync(WideQuestion question, CancellationToken stop)
    {
        if (question.Domain.AsSpan().StartsWith(WideQuestion.Via))
        {
            SmtpRoute relay = SmtpRoute.To(question.Domain.AsSpan(WideQuestion.Via.Length));
            (string its, uint time) = await FindAsync(question.Domain, relay, stop);
            return new WideAnswer(question.Id, false, time, its);
        }

        // It is not known yet whether the message was submitted here. Mail with a login usually
        // was.
        SmtpRoute? route = settings.Lmtp.Find(question.Domain) ?? settings.Senders.Route(
            question.Sender, settings.Routes.Find(question.Domain), isOwn: () => true);
        (string name, uint seconds) = await FindAsync(question.Domain, route, stop);
        return new WideAnswer(question.Id, settings.Senders.HasAny, seconds, name);
    }

    /// <summary>The name of a domain's destination, and for how many seconds it is valid.</summary>
    /// <param name="host">The domain.</param>
    /// <param name="route">The route of its mail; null: its MX hosts.</param>
    /// <param name="stop">Ends the wait.</param>
    internal async Task<(string Name, uint Seconds)> FindAsync(
        byte[] host, SmtpRoute? route, CancellationToken stop)
    {
        string domain = Printable(TargetFinder.NameOf(host).ToLowerInvariant());
        if (settings.Rules.DomainDestination(domain) is { } own)
        {
            return (own, RouteSeconds);
        }

        if (route is { IsLmtp: true })
        {
            string place = route.SocketPath
                ?? $"{route.Relay.ToLowerInvariant()}:{Number(route.Port)}";
            return (Cut($"lmtp {Printable(place)}"), RouteSeconds);
        }

        if (route is not null)
        {
            // Each login at a relay has its own limits.
            string user = route.Login is { } login ? $" {login.Key[..16]}" : "";
            IEnumerable<string> relays = route.All.Select(one =>
                $"[{Printable(one.Relay.ToLowerInvariant())}]:{Number(one.Port)}");
            return (Cut($"relay {string.Join(',', relays)}{user}"), RouteSeconds);
        }

        if (TargetFinder.ParseLiteral(domain) is { } literal)
        {
            return (OwnAddresses.Plain(literal).ToString(), RouteSeconds);
        }

        DnsAnswer<MailExchanger> answer = await dns.FindExchangersAsync(domain, stop);
        uint seconds = (uint)Math.Clamp(
            answer.Seconds, (int)WideFrames.SecondsMin, (int)WideFrames.SecondsMax);
        string[] hosts =
        [
            .. answer.Records.Select(mx => Printable(mx.Host.ToLowerInvariant()))
                .Where(name => name.Length > 0).Distinct().Order(StringComparer.Ordinal),
        ];
        return answer.Status == DnsStatus.TryAgain || answer.Records is [{ Host.Length: 0 }]
            || domain.Length == 0
            ? (Cut($"unresolved {domain}"), WideFrames.SecondsMin)
            : hosts.Length == 0 ? (Cut(domain), seconds) // The domain has no MX.
            : (Cut(string.Join(',', hosts)), seconds);
    }

    /// <summary>Cuts a name that is too long, and adds what distinguishes it from others.</summary>
    private static string Cut(string name) => name.Length <= WideFrames.DestinationBytesMax ? name
        : name[..(WideFrames.DestinationBytesMax - 9)] + "~"
            + Crc32C.Of(Encoding.ASCII.GetBytes(name)).ToString(
                "x8", CultureInfo.InvariantCulture);

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static string Printable(string text) => string.Concat(
        text.Select(one => one is > ' ' and <= '~' and not ',' ? one : '?'));
}
