using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kopis.Mail.SmtpClient;

namespace Kopis.Host.Doctor;

/// <summary>Speaks with a port as a client does, without sending a message.</summary>
/// <param name="me">The host's name, for EHLO and as the name expected in TLS.</param>
internal sealed class PortAsker(string me)
{
    /// <summary>A recipient that belongs to nobody (RFC 2606).</summary>
    internal const string Stranger = "relay-test@doctor.invalid";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    /// <summary>Tries SMTP: the greeting, EHLO, relaying and STARTTLS.</summary>
    /// <param name="place">The address and port.</param>
    /// <param name="isOurs">Whether to try relaying and TLS.</param>
    /// <param name="stop">Cancels it.</param>
    internal Task<PortFacts> SmtpAsync(IPEndPoint place, bool isOurs, CancellationToken stop) =>
        WithinAsync(place, (stream, facts, inTime) =>
            SpeakAsync(stream, facts, isOurs, inTime), stop);

    /// <summary>Tries TLS from the start.</summary>
    internal Task<PortFacts> TlsAsync(IPEndPoint place, CancellationToken stop) =>
        WithinAsync(place, HandshakeAsync, stop);

    private static async Task<PortFacts> WithinAsync(
        IPEndPoint place, Func<Stream, PortFacts, CancellationToken, Task> speak,
        CancellationToken stop)
    {
        PortFacts facts = new(place.ToString());
        using CancellationTokenSource inTime =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        inTime.CancelAfter(Patience);
        try
        {
            using Socket socket = new(
                place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(place, inTime.Token);
            await using NetworkStream stream = new(socket);
            await speak(stream, facts, inTime.Token);
        }
        catch (SocketException e)
        {
            facts.IsRefused = e.SocketErrorCode == SocketError.ConnectionRefused;
            facts.Trouble = e.Message;
        }
        catch (OperationCanceledException)
        {
            facts.Trouble = "no answer in time";
        }
        catch (IOException e)
        {
            facts.Trouble = e.Message;
        }

        return facts;
    }

    private async Task SpeakAsync(
        Stream stream, PortFacts facts, bool isOurs, CancellationToken stop)
    {
        (facts.Greeting, facts.Text) = await ReplyAsync(stream, "", stop);
        if (!isOurs || facts.Greeting != 220)
        {
            return;
        }

        (_, string offers) = await ReplyAsync(stream, $"EHLO {me}\r\n", stop);
        facts.OffersTls = offers.Split('\n').Any(line =>
            line.Length > 4 && line[4..].Equals("STARTTLS", StringComparison.OrdinalIgnoreCase));
        if (facts.Place.EndsWith(":25", StringComparison.Ordinal))
        {
            await ReplyAsync(stream, "MAIL FROM:<>\r\n", stop);
            (facts.Relay, _) = await ReplyAsync(stream, $"RCPT TO:<{Stranger}>\r\n", stop);
            await ReplyAsync(stream, "RSET\r\n", stop);
        }

        if (!facts.OffersTls)
        {
            return;
        }

        (int code, string text) = await ReplyAsync(stream, "STARTTLS\r\n", stop);
        if (code != 220)
        {
            facts.TlsTrouble = text.TrimEnd();
            return;
        }

        await HandshakeAsync(stream, facts, stop);
    }

    private async Task HandshakeAsync(Stream stream, PortFacts facts, CancellationToken stop)
    {
        await using SslStream tls = new(stream, leaveInnerStreamOpen: true);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = me,

                    // The certificate is judged afterwards, and nothing secret is sent.
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                    {
                        X509Certificate2? seen =
                            certificate is null ? null : new X509Certificate2(certificate);
                        facts.Certificates = seen is null ? []
                            : [seen, .. (chain?.ChainPolicy.ExtraStore ?? [])
                                .Select(one => new X509Certificate2(one))];
                        facts.HasName = seen?.MatchesHostname(me, allowCommonName: false);
                        return seen is not null;
                    },
                },
                stop);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            facts.TlsTrouble = e.Message;
        }
    }

    /// <summary>Sends a command, and reads one reply byte by byte: what follows the reply to
    /// STARTTLS belongs to TLS.</summary>
    private static async Task<(int Code, string Text)> ReplyAsync(
        Stream stream, string command, CancellationToken stop)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command), stop);
        ReplyReader reply = new();
        byte[] one = new byte[1];
        while (reply.Code == 0)
        {
            if (reply.IsEndless || await stream.ReadAsync(one, stop) == 0)
            {
                throw new IOException("the connection ends without a reply");
            }

            reply.Read(one);
        }

        return (reply.Code, Encoding.Latin1.GetString(reply.Text));
    }
}
