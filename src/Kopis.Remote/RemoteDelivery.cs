using System.Buffers;
using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Net.Dns;
using Kopis.Remote.Sources;

namespace Kopis.Remote;

/// <summary>The work of qmail-remote: finds the host, connects, sends, reports (contract §8.2). A
/// session that is still open is used for the next message to the same destination.</summary>
internal sealed class RemoteDelivery(
    RemoteSettings settings, IMailDns dns, ConnectMemory memory, LoginPauses pauses,
    TimeProvider clock, ReceiverPolicies receivers, LinkPool pool)
{
    private readonly int _generation = pool.Renew();

    // These would end a command line early, so they are never sent to a server.
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n\0"u8);

    // A host name is not quoted, and these would end its address and begin a parameter.
    private static readonly SearchValues<byte> HostEnds =
        SearchValues.Create(" \t<>\"\\(),;"u8);

    /// <summary>Names destinations by the same control files.</summary>
    internal DestinationNames Names { get; } = new(settings, dns);

    /// <summary>Makes the classifier for attempts at one host.</summary>
    internal AttemptJudge JudgeOf(byte[] host, byte[] sender) => new(settings.Replies, host)
    {
        OnRefusedSource = (server, time) =>
        {
            memory.Sources.Rest(server.Destination, server.Source!, time);
            pool.Close(link => link.Destination == server.Destination
                && server.Source!.Equals(link.Source));
            return new SourceChoice(settings.Sources, sender, host).HasOther(
                server, server.Source!.AddressFamily, memory.Sources);
        },
    };

    /// <summary>Delivers a message to recipients at one host.</summary>
    internal async Task<RemoteReport> RunAsync(
        byte[] host, RemoteMail mail, CancellationToken stop)
    {
        if (Check(mail.Sender, mail.Recipients, mail.Message) is { } unfit)
        {
            return unfit;
        }

        TlsPolicy policy = settings.Tls.Policies.Find(host);
        SmtpRoute? relay = mail.Via is { } via ? SmtpRoute.To(via) : settings.Lmtp.Find(host)
            ?? settings.Senders.Route(mail.Sender, settings.Routes.Find(host), mail.IsOwn);
        SourceChoice sources = new(settings.Sources, mail.Sender, host);
        if ((relay?.Fault ?? policy.Fault ?? sources.Fault) is { } fault)
        {
            return RemoteReport.Of('Z', $"Unable to read control files. (#4.3.0)\n{fault}\n");
        }

        // REQUIRETLS does not apply to mail that stays on this host.
        bool isHere = relay?.SocketPath is not null;
        mail = isHere ? mail.WithoutRequireTls() : mail;
        TlsDemand demand = isHere ? TlsDemand.None : TlsDemand.Of(
            policy, mail.Parameters.RequireTls, TargetFinder.NameOf(host), relay);
        RemoteRoute route = new(
            settings, dns, memory, pauses, clock, new RemoteDestination(host, relay, demand),
            receivers, () => mail.IsTlsOptional, pool, _generation, sources);
        return await new BatchDelivery(mail, route, pool, clock).RunAsync(stop);
    }

    private static RemoteReport? Check(
        byte[] sender, IReadOnlyList<byte[]> recipients, IRemoteMessage message)
    {
        foreach (byte[] address in (byte[][])[sender, .. recipients])
        {
            if (address.AsSpan().ContainsAny(LineEnds))
            {
                return RemoteReport.Of(
                    'D', "Sorry, an address contains a line end and cannot be sent. (#5.1.3)\n");
            }

            if (new Address(address).Domain.ContainsAny(HostEnds))
            {
                return RemoteReport.Of(
                    'D', "Sorry, the part of an address after the @ is not a host. (#5.1.3)\n");
            }
        }

        Span<byte> last = stackalloc byte[1];
        try
        {
            return message.Length > 0
                && (message.Read(message.Length - 1, last) != 1 || last[0] != (byte)'\n')
                ? RemoteReport.Of('D',
                    "SMTP cannot transfer messages with partial final lines. (#5.6.2)\n")
                : null;
        }
        catch (IOException)
        {
            return RemoteReport.Of('Z', "Unable to read message. (#4.3.0)\n");
        }
    }
}
