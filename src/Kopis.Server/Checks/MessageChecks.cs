using System.Buffers;
using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Authentication.Spf;
using Kopis.Posix;

namespace Kopis.Server.Checks;

/// <summary>The checks of one message. DNS is asked about the client while the message arrives, and
/// the message is read as it arrives, in bounded memory. If it is disposed before its end, no more
/// questions are asked.</summary>
internal sealed class MessageChecks : IDisposable
{
    private const int WordsUsual = 256;

    // Characters that LogText leaves as they are, and blanks; these are enough for names and
    // reasons.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_'=");

    private readonly CheckSettings _settings;
    private readonly IAuthenticationDns _dns;
    private readonly IPAddress _client;
    private readonly byte[] _helo;
    private readonly byte[] _sender;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly DkimVerifier _signatures;
    private readonly MessageReader _reader;
    private readonly Task<ReverseNameCheck>? _reverseName;
    private readonly Task<SpfCheck>? _spf;

    /// <summary>Begins the checks that need only the client.</summary>
    /// <param name="settings">What is checked.</param>
    /// <param name="dns">Answers DNS questions; all questions of this message share a time limit.
    /// </param>
    /// <param name="client">The client's address.</param>
    /// <param name="helo">The name that the client gives.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="time">The clock.</param>
    internal MessageChecks(
        CheckSettings settings, IAuthenticationDns dns, IPAddress client, byte[] helo,
        byte[] sender, TimeProvider time)
    {
        (_settings, _dns, _client, _time) = (settings, dns, client, time);
        (_helo, _sender) = (helo, sender);
        _signatures = new DkimVerifier { LoadRsa = RsaPublicKey.LoadVerifier };
        _reader = new MessageReader(_signatures);
        _reverseName = settings.ReverseName == CheckAction.Off ? null
            : ReverseNameCheck.CheckAsync(dns, client, _stop.Token);
        _spf = settings.Spf == CheckAction.Off && settings.Dmarc == CheckAction.Off ? null
            : SpfChecker.CheckAsync(
                dns, SpfRequest.OfMailFrom(client, sender, helo), _stop.Token);
    }

    /// <summary>The fault of the client's name, among those that are checked for.</summary>
    internal HeloFault Helo { get; init; }

    /// <summary>Reads the next piece of the message as the client sent it.</summary>
    internal void Read(ReadOnlySpan<byte> piece) => _reader.Read(piece);

    /// <summary>Decides about the message, which has been read to its end.</summary>
    internal async Task<CheckVerdict> JudgeAsync()
    {
        _reader.End();
        CheckResults all = await FindAsync();
        CheckResults results = all with
        {
            Spf = _settings.Spf == CheckAction.Off ? null : all.Spf,
            Dkim = _settings.Dkim == CheckAction.Off ? null : all.Dkim,
        };
        bool isExempt = _settings.IsExempt(_client);
        Mail.Smtp.SmtpAnswer? refusal =
            isExempt ? null : CheckJudge.Refusal(_settings, results);
        ResultsField field = new(_settings.Server);
        Fill(field, results);
        ArrayBufferWriter<byte> bytes = new(512);
        field.Write(bytes);
        return new CheckVerdict(bytes.WrittenSpan.ToArray(), refusal, Words(results, refusal))
        {
            IsVouchedFor = results.ReverseName?.Result == AuthenticationResult.Pass
                && results.Spf?.Result == AuthenticationResult.Pass,
            Reported = end => _settings.Reports is null ? null
                : ReportedVerdict.Of(_client, _sender, all, end, isExempt),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Questions that are still open end by themselves; nobody waits for them.
        if (_reverseName is { IsCompletedSuccessfully: false }
            || _spf is { IsCompletedSuccessfully: false })
        {
            _stop.Cancel();
            ErrorLog.Watch(Task.WhenAll(((Task?[])[_reverseName, _spf]).OfType<Task>()));
        }

        _signatures.Dispose();
        _reader.Dispose();
        _stop.Dispose();
    }

    private async Task<CheckResults> FindAsync()
    {
        IReadOnlyList<DkimCheck>? dkim = null;
        if (_settings.Dkim != CheckAction.Off || _settings.Dmarc != CheckAction.Off)
        {
            dkim = await _signatures.CheckAsync(
                _dns, _time.GetUtcNow(), Ed25519.IsAvailable ? Ed25519.Verify : null,
                _stop.Token);
        }

        ReverseNameCheck? name = _reverseName is null ? null : await _reverseName;
        SpfCheck? spf = _spf is null ? null : await _spf;
        DmarcCheck? dmarc = _settings.Dmarc == CheckAction.Off ? null
            : await DmarcChecker.CheckAsync(
                _dns, AuthorDomains.Of(_signatures.Header!), spf, dkim ?? [], _stop.Token);
        return new CheckResults(name, spf, dkim, dmarc);
    }

    private void Fill(ResultsField field, CheckResults results)
    {
        if (Helo != HeloFault.None)
        {
            field.AddHeloFault(HeloCheck.Describe(Helo), ByteText.ToText(_helo));
        }

        if (results.ReverseName is { } name)
        {
            field.Add(name);
        }

        if (results.Spf is { } spf)
        {
            field.Add(spf);
        }

        foreach (DkimCheck one in results.Dkim ?? [])
        {
            field.Add(one);
        }

        if (results.Dkim is { Count: 0 })
        {
            field.AddUnsigned();
        }

        if (results.Dmarc is { } dmarc)
        {
            field.Add(dmarc);
        }
    }

    private string Words(CheckResults results, Mail.Smtp.SmtpAnswer? refusal)
    {
        StringBuilder words = new(WordsUsual);
        words.Append($"checks {_client} <{LogText.Safe(_sender)}>:");
        if (Helo != HeloFault.None)
        {
            words.Append($" helo=fail of {LogText.Safe(_helo)}");
        }

        if (results.ReverseName is { } name)
        {
            words.Append(" iprev=").Append(AuthenticationWords.Of(name.Result));
        }

        if (results.Spf is { } spf)
        {
            words.Append(" spf=").Append(AuthenticationWords.Of(spf.Result))
                .Append(Reason(spf.Reason));
        }

        foreach (DkimCheck one in results.Dkim ?? [])
        {
            words.Append(" dkim=").Append(AuthenticationWords.Of(one.Result))
                .Append(Reason(one.Reason));
            if (one.Signature is { } by)
            {
                words.Append(" of ").Append(Safe(by.Domain));
            }
        }

        words.Append(results.Dkim is { Count: 0 } ? " dkim=none" : "");
        if (results.Dmarc is { } dmarc)
        {
            words.Append(" dmarc=").Append(AuthenticationWords.Of(dmarc.Result)).Append(" of ")
                .Append(Safe(dmarc.AuthorDomain)).Append(Reason(dmarc.Reason));
        }

        return words.Append(' ').Append(refusal is null ? "taken" : refusal.Line).ToString();
    }

    private static string Reason(string reason) => reason.Length > 0 ? $" ({Safe(reason)})" : "";

    // Blanks between words are ours and stay.
    private static string Safe(string text) => !text.AsSpan().ContainsAnyExcept(Plain) ? text
        : string.Join(' ', text.Split(' ').Select(word => LogText.Safe(ByteText.ToBytes(word))));
}
