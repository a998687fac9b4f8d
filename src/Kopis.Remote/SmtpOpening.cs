using System.Buffers;
using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Mail.Dsn;
using Kopis.Mail.SmtpClient;
using Kopis.Net.Tls;

namespace Kopis.Remote;

/// <summary>
/// From the greeting to a session in which mail can be sent: EHLO or HELO, and TLS as is asked,
/// after which nothing that was said before counts (RFC 3207 §4.2).
/// </summary>
internal sealed class SmtpOpening(SmtpLink link, RemoteSettings settings, TlsDemand demand)
{
    private readonly SmtpConnection _peer = link.Peer;
    private string? _fault; // Of the certificate.

    /// <summary>How far it has come.</summary>
    internal AttemptStage Stage { get; private set; } = AttemptStage.Greeting;

    /// <summary>Opens the session; the link then knows what is offered.</summary>
    /// <param name="serverName">The server's name, for SNI.</param>
    /// <param name="avoidTls">TLS was tried before and failed, and plain text will do.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Null, or why there is no session.</returns>
    /// <exception cref="TlsFailedException">TLS did not come about, and plain text will do: on a
    /// new connection.</exception>
    /// <exception cref="IOException">The connection is lost.</exception>
    internal async Task<RemoteReport?> RunAsync(
        string serverName, bool avoidTls, CancellationToken stop)
    {
        IsOverTls = demand.StartsInTls;
        if (demand.StartsInTls && await HandshakeAsync(serverName, stop) is { } failed)
        {
            return failed;
        }

        if (await _peer.ReadReplyAsync(stop) != 220)
        {
            return Fail("greeting failed.\n");
        }

        NoteName();
        Stage = AttemptStage.Hello;
        if (!await GreetAsync(mayBeOld: true, stop))
        {
            return Fail("my name was rejected.\n");
        }

        if (demand.Policy.Level == TlsLevel.None || avoidTls)
        {
            return null;
        }

        IsOverTls = true;
        Stage = AttemptStage.Tls;
        RemoteReport? failure = demand.StartsInTls ? null
            : link.Offers.StartTls
            ? await TryTlsAsync(serverName, stop)
            : WithoutTls("TLS is not offered");
        return failure ?? (demand.RequireTls && !link.Offers.RequireTls
            ? RemoteReport.Of('D',
                $"Connected to {link.Ip} but it does not offer REQUIRETLS, "
                + "which this message needs. (#5.7.30)\n")
            : null);
    }

    /// <summary>A failure may come from what this mail asks of TLS, which other mail does not.
    /// </summary>
    internal bool IsOverTls { get; private set; }

    /// <summary>The server says that it is called as we are.</summary>
    internal bool SaysOurName { get; private set; }

    private void NoteName()
    {
        ReadOnlySpan<byte> name = _peer.ReplyText.Length > 4 ? _peer.ReplyText[4..] : [];
        int end = name.IndexOfAny((byte)' ', (byte)'\n');
        SaysOurName |= Ascii8.EqualsIgnoreCase(end < 0 ? name : name[..end], settings.HeloHost);
    }

    private async Task<bool> GreetAsync(bool mayBeOld, CancellationToken stop)
    {
        int code = await HelloAsync("EHLO "u8.ToArray(), stop);
        link.Offers = code == 250 ? ServerOffers.Parse(_peer.ReplyText) : default;
        NoteName();
        return code == 250
            || (mayBeOld && code is >= 500 and < 600
                && await HelloAsync("HELO "u8.ToArray(), stop) == 250);
    }

    private async Task<int> HelloAsync(byte[] verb, CancellationToken stop)
    {
        _peer.Output.Write(verb);
        _peer.Output.Write(settings.HeloHost);
        _peer.Output.Write("\r\n"u8);
        await _peer.FlushAsync(stop);
        return await _peer.ReadReplyAsync(stop);
    }

    /// <summary>Where plain text will do, a server counts as one without TLS until the first
    /// reply within TLS.</summary>
    private async Task<RemoteReport?> TryTlsAsync(string serverName, CancellationToken stop)
    {
        try
        {
            return await StartTlsAsync(serverName, stop);
        }
        catch (IOException e) when (
            e is not TlsFailedException && demand.Policy.Level == TlsLevel.May)
        {
            throw new TlsFailedException(e.Message, e);
        }
    }

    private async Task<RemoteReport?> StartTlsAsync(string serverName, CancellationToken stop)
    {
        if (_peer.HasUnasked)
        {
            return Injected();
        }

        _peer.Output.Write("STARTTLS\r\n"u8);
        await _peer.FlushAsync(stop);
        int code = await _peer.ReadReplyAsync(stop);
        if (code != 220)
        {
            return code is >= 400 and < 600 and not ClientTransaction.ServiceCloses
                ? WithoutTls("it refused STARTTLS")
                : throw new IOException("The reply to STARTTLS is not valid.");
        }

        // Whoever sits between could put replies here that would count as the server's inside TLS
        // (CVE-2021-38371, CVE-2026-41319). Whatever comes later breaks the handshake.
        if (_peer.HasUnasked)
        {
            return Injected();
        }

        link.Offers = default;
        if (await HandshakeAsync(serverName, stop) is { } failure)
        {
            return failure;
        }

        return await GreetAsync(mayBeOld: false, stop) ? null
            : demand.Policy.Level == TlsLevel.May
                ? throw new TlsFailedException("my name was rejected within TLS")
            : Fail("my name was rejected.\n");
    }

    private async Task<RemoteReport?> HandshakeAsync(string serverName, CancellationToken stop)
    {
        bool isVerified = false;
        try
        {
            await _peer.StartTlsAsync(
                settings.Tls.Options(serverName, (_, certificate, _, errors) =>
                {
                    _fault = ServerCertificateCheck.Fault(
                        certificate, errors, demand.Policy.Level, demand.Names);
                    isVerified = _fault is null && demand.Policy.Level == TlsLevel.Verify;
                    return _fault is null;
                }), settings.ConnectTimeout, stop);
        }
        catch (TlsFailedException) when (demand.Policy.Level > TlsLevel.May)
        {
            return RemoteReport.Of('Z', $"Connected to {link.Ip} but "
                + $"{_fault ?? "TLS failed"}. (#4.7.5)\n");
        }

        link.Trust = isVerified ? LoginTrust.Verified : LoginTrust.Encrypted;
        return null;
    }

    private RemoteReport? WithoutTls(string reason) =>
        demand.RequireTls
            ? RemoteReport.Of('D', $"Connected to {link.Ip} but {reason}, "
                + "and this message requires TLS. (#5.7.30)\n")
        : demand.Policy.Level > TlsLevel.May
            ? RemoteReport.Of('Z', $"Connected to {link.Ip} but {reason}, "
                + $"and {demand.Reason} requires it. (#4.7.4)\n")
        : null;

    private RemoteReport Injected() => RemoteReport.Of('Z',
        $"Connected to {link.Ip} but plain text came where TLS should begin. (#4.7.5)\n");

    private RemoteReport Fail(string what) => new RemoteReport().End(
        'Z', $"Connected to {link.Ip} but {what}", _peer.RemoteText);
}
