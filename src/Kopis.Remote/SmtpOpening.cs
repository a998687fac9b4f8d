using System.Buffers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Mail.Dsn;
using Kopis.Mail.SmtpClient;
using Kopis.Mail.TlsReports;
using Kopis.Net.Tls;

namespace Kopis.Remote;

/// <summary>Opens a session, from the greeting to where mail can be sent: EHLO, HELO or LHLO, and
/// TLS as required. Nothing that was said before TLS counts afterwards (RFC 3207 §4.2).</summary>
internal sealed class SmtpOpening(SmtpLink link, RemoteSettings settings, TlsDemand demand)
{
    private readonly SmtpConnection _peer = link.Peer;
    private CertificateFault? _fault;

    /// <summary>How far the session has come.</summary>
    internal AttemptStage Stage { get; private set; } = AttemptStage.Greeting;

    /// <summary>Opens the session, and stores the server's offers in the link.</summary>
    /// <param name="serverName">The server's name, for SNI.</param>
    /// <param name="avoidTls">Whether TLS was tried before and failed, and plain text is allowed.
    /// </param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Null, or why there is no session.</returns>
    /// <exception cref="TlsFailedException">TLS failed, and plain text is allowed: on a new
    /// connection.</exception>
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
        if (!await GreetAsync(mayBeOld: !link.IsLmtp, stop))
        {
            return Fail("my name was rejected.\n");
        }

        OffersTls = link.Offers.StartTls || demand.StartsInTls;
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

    /// <summary>Whether a failure may be due to what this mail requires of TLS, and would not
    /// affect other mail.</summary>
    internal bool IsOverTls { get; private set; }

    /// <summary>Whether the server offers TLS; null if not known.</summary>
    internal bool? OffersTls { get; private set; }

    /// <summary>How TLS began, for reports; also set if TLS was only tried.</summary>
    internal TlsResultType Result { get; private set; }

    /// <summary>The fault in words; empty if there was none.</summary>
    internal string ResultText { get; private set; } = "";

    /// <summary>Whether the server gives our own name as its name.</summary>
    internal bool SaysOurName { get; private set; }

    private byte[] Helo => link.Helo ?? settings.HeloHost;

    private void NoteName()
    {
        ReadOnlySpan<byte> name = _peer.ReplyText.Length > 4 ? _peer.ReplyText[4..] : [];
        int end = name.IndexOfAny((byte)' ', (byte)'\n');
        SaysOurName |= Ascii8.EqualsIgnoreCase(end < 0 ? name : name[..end], Helo);
    }

    private async Task<bool> GreetAsync(bool mayBeOld, CancellationToken stop)
    {
        int code = await HelloAsync(
            link.IsLmtp ? "LHLO "u8.ToArray() : "EHLO "u8.ToArray(), stop);
        link.Offers = code != 250 ? default
            : link.IsLmtp ? ServerOffers.Parse(_peer.ReplyText).WithoutChunks()
            : ServerOffers.Parse(_peer.ReplyText);
        NoteName();
        return code == 250
            || (mayBeOld && code is >= 500 and < 600
                && await HelloAsync("HELO "u8.ToArray(), stop) == 250);
    }

    private async Task<int> HelloAsync(byte[] verb, CancellationToken stop)
    {
        _peer.Output.Write(verb);
        _peer.Output.Write(Helo);
        _peer.Output.Write("\r\n"u8);
        await _peer.FlushAsync(stop);
        return await _peer.ReadReplyAsync(stop);
    }

    /// <summary>Begins TLS. If plain text is allowed, TLS counts as failed until the first reply
    /// within TLS.</summary>
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

        // An attacker in between could put replies here that would count as the server's within TLS
        // (CVE-2021-38371, CVE-2026-41319). Bytes that come later break the handshake.
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
        SslClientAuthenticationOptions options = settings.Tls.Options(
            demand.ServerName ?? serverName, (_, certificate, chain, errors) =>
            {
                _fault = Judge(certificate, chain, errors);
                isVerified = _fault is null && demand.Policy.Level == TlsLevel.Verify;
                return _fault is null;
            });
        options.AllowTlsResume = demand.Tlsa.Count == 0; // The chain has to be there.
        try
        {
            await _peer.StartTlsAsync(options, settings.ConnectTimeout, stop);
        }
        catch (TlsFailedException)
        {
            string text = _fault?.Text ?? "TLS failed";
            Note(_fault?.Type ?? TlsResultType.ValidationFailure, text);
            if (demand.Policy.Level <= TlsLevel.May)
            {
                throw;
            }

            return RemoteReport.Of(
                'Z', $"Connected to {link.Ip} but {text}. (#4.7.5)\n");
        }

        link.Trust = isVerified ? LoginTrust.Verified : LoginTrust.Encrypted;
        return null;
    }

    private CertificateFault? Judge(
        X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (demand.TrialNames.Count > 0 && ServerCertificateCheck.Fault(
            certificate, errors, TlsLevel.Verify, demand.TrialNames) is { } trial)
        {
            Note(trial.Type, trial.Text);
        }

        return demand.Tlsa.Count == 0
            ? ServerCertificateCheck.Fault(
                certificate, errors, demand.Policy.Level, demand.Names)
            : DaneCheck.Fault(
                demand.Tlsa, certificate, chain?.ChainPolicy.ExtraStore ?? [], demand.Names,
                TimeProvider.System.GetUtcNow());
    }

    private void Note(TlsResultType result, string text)
    {
        Result = result;
        ResultText = text;
    }

    private RemoteReport? WithoutTls(string reason)
    {
        Note(TlsResultType.NoStartTls, reason);
        return Refusal(reason);
    }

    private RemoteReport? Refusal(string reason) =>
        demand.RequireTls
            ? RemoteReport.Of('D', $"Connected to {link.Ip} but {reason}, "
                + "and this message requires TLS. (#5.7.30)\n")
        : demand.Policy.Level > TlsLevel.May
            ? RemoteReport.Of('Z', $"Connected to {link.Ip} but {reason}, "
                + $"and {demand.Reason} requires it. (#4.7.4)\n")
        : null;

    private RemoteReport Injected()
    {
        const string text = "plain text came where TLS should begin";
        Note(TlsResultType.ValidationFailure, text);
        return RemoteReport.Of('Z', $"Connected to {link.Ip} but {text}. (#4.7.5)\n");
    }

    private RemoteReport Fail(string what) => new RemoteReport().End(
        'Z', $"Connected to {link.Ip} but {what}", _peer.RemoteText);
}
