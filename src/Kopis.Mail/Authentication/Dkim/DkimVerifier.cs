namespace Kopis.Mail.Authentication.Dkim;

/// <summary>
/// Checks the signatures of a message (RFC 6376 §6.1). The message goes through
/// <see cref="MessageReader"/>, which has this as its parts; then <see cref="CheckAsync"/> asks for
/// the keys. Memory: the header, and two hashes.
/// </summary>
/// <param name="keys">Keys that other messages needed; null for a message by itself.</param>
public sealed class DkimVerifier(RsaKeys? keys = null) : IMessageParts, IDisposable
{
    /// <summary>How many signatures are looked at, from the top: RFC 6376 §6.1 lets verifiers
    /// limit them; real mail has one to four.</summary>
    public const int SignaturesMax = 8;

    private static readonly byte[] FieldName = "DKIM-Signature"u8.ToArray();

    private readonly RsaKeys _keys = keys ?? new RsaKeys();
    private readonly List<Candidate> _candidates = [];
    private readonly List<(BodyHash Hash, CanonicalBody Body, CanonicalForm Form)> _bodies = [];
    private SignedHeader? _signed;
    private bool _isEnded;

    /// <summary>The message's header; null until it is over.</summary>
    public MessageHeader? Header { get; private set; }

    /// <summary>How many signatures beyond <see cref="SignaturesMax"/> were not looked at.
    /// </summary>
    public int Skipped { get; private set; }

    /// <inheritdoc/>
    public void OnHeader(MessageHeader header)
    {
        Header = header;
        _signed = new SignedHeader(header);
        foreach (HeaderField field in header.Find(FieldName))
        {
            if (_candidates.Count == SignaturesMax)
            {
                Skipped++;
                continue;
            }

            DkimSignature? signature = DkimSignature.Parse(field, out string fault);
            _candidates.Add(new Candidate(field, signature, fault));
        }

        foreach (IGrouping<CanonicalForm, DkimSignature> same in _candidates
            .Select(one => one.Signature).OfType<DkimSignature>().GroupBy(one => one.BodyForm))
        {
            BodyHash hash = new(same.Select(one => one.BodyLength).OfType<long>());
            _bodies.Add((hash, new CanonicalBody(same.Key, hash), same.Key));
        }
    }

    /// <inheritdoc/>
    public void OnBodyText(ReadOnlySpan<byte> text)
    {
        foreach ((_, CanonicalBody body, _) in _bodies)
        {
            body.Text(text);
        }
    }

    /// <inheritdoc/>
    public void OnBodyLineEnd()
    {
        foreach ((_, CanonicalBody body, _) in _bodies)
        {
            body.LineEnd();
        }
    }

    /// <summary>Checks all signatures, when the message has been read to its end.</summary>
    /// <param name="dns">Asked for each key once, for all at the same time.</param>
    /// <param name="now">What x= is compared with.</param>
    /// <param name="ed25519">Null where there is none: such signatures are neutral then.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>One for each signature that was looked at, from the top; none where the message is
    /// not signed; one error where its header was too large to be read.</returns>
    public async Task<IReadOnlyList<DkimCheck>> CheckAsync(
        IAuthenticationDns dns,
        DateTimeOffset now,
        Ed25519Verifier? ed25519,
        CancellationToken stop)
    {
        EndBodies();
        if (Header!.IsTooLarge)
        {
            return [new DkimCheck(AuthenticationResult.PermError, "header is too large")];
        }

        List<DkimCheck?> checks = [.. _candidates.Select(one => Judge(one, now, ed25519))];
        Dictionary<string, Task<DnsRecords<string>>> keys = [];
        for (int i = 0; i < checks.Count; i++)
        {
            string name = KeyName(_candidates[i]);
            if (checks[i] is null && !keys.ContainsKey(name))
            {
                keys[name] = DomainText.IsName(name)
                    ? dns.FindTextsAsync(name, stop).AsTask()
                    : Task.FromResult(new DnsRecords<string>(DnsOutcome.NoSuchName));
            }
        }

        for (int i = 0; i < checks.Count; i++)
        {
            checks[i] ??= Judge(_candidates[i], await keys[KeyName(_candidates[i])], ed25519!);
        }

        return [.. checks.OfType<DkimCheck>()];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((BodyHash hash, _, _) in _bodies)
        {
            hash.Dispose();
        }
    }

    private static string KeyName(Candidate one) =>
        $"{one.Signature?.Selector}._domainkey.{one.Signature?.Domain}";

    private void EndBodies()
    {
        if (!_isEnded)
        {
            _isEnded = true;
            _bodies.ForEach(one => one.Body.End());
        }
    }

    /// <summary>What needs no key.</summary>
    /// <returns>Null if the key has to decide.</returns>
    private DkimCheck? Judge(Candidate one, DateTimeOffset now, Ed25519Verifier? ed25519)
    {
        if (one.Signature is not { } signature)
        {
            return new DkimCheck(AuthenticationResult.Neutral, one.Fault);
        }

        (AuthenticationResult result, string reason) = signature switch
        {
            _ when !signature.Signs("From"u8) =>
                (AuthenticationResult.PermError, "From is not signed"),
            { Algorithm: DkimAlgorithm.RsaSha1 } =>
                (AuthenticationResult.Fail, "SHA-1 proves nothing"),
            { Algorithm: DkimAlgorithm.Unknown } =>
                (AuthenticationResult.Neutral, "algorithm is not known"),
            { Algorithm: DkimAlgorithm.Ed25519Sha256 } when ed25519 is null =>
                (AuthenticationResult.Neutral, "algorithm is not known"),
            { ExpiresAt: { } end } when end < now.ToUnixTimeSeconds() =>
                (AuthenticationResult.Fail, "signature has expired"),
            _ when !BodyMatches(signature) =>
                (AuthenticationResult.Fail, "body has changed"),
            _ => (AuthenticationResult.Pass, ""),
        };
        return result == AuthenticationResult.Pass ? null
            : new DkimCheck(result, reason) { Signature = signature };
    }

    private bool BodyMatches(DkimSignature signature) =>
        _bodies.First(one => one.Form == signature.BodyForm).Hash
            .Get(signature.BodyLength)?.AsSpan().SequenceEqual(signature.BodyHash) == true;

    private DkimCheck Judge(Candidate one, DnsRecords<string> answer, Ed25519Verifier ed25519)
    {
        DkimSignature signature = one.Signature!;
        bool wantsEd25519 = signature.Algorithm == DkimAlgorithm.Ed25519Sha256;
        DkimKeyRecord? key = answer.Records.Select(DkimKeyRecord.Parse).OfType<DkimKeyRecord>()
            .OrderByDescending(some => some.IsEd25519 == wantsEd25519).FirstOrDefault();
        (AuthenticationResult result, string reason) = key switch
        {
            null when answer.Outcome == DnsOutcome.Temporary =>
                (AuthenticationResult.TempError, "DNS does not answer"),
            null when answer.Outcome == DnsOutcome.Found =>
                (AuthenticationResult.PermError, "key is not a key"),
            null => (AuthenticationResult.PermError, "no key"),
            { Key.Length: 0 } => (AuthenticationResult.Fail, "key has been revoked"),
            _ when key.IsEd25519 != wantsEd25519 =>
                (AuthenticationResult.PermError, "key is of another kind"),
            { AllowsSha256: false } =>
                (AuthenticationResult.PermError, "key does not go with SHA-256"),
            { IsForMail: false } => (AuthenticationResult.PermError, "key is not for mail"),
            { IsStrict: true } when signature.IdentityDomain != signature.Domain =>
                (AuthenticationResult.PermError, "key is not for subdomains"),
            _ => (AuthenticationResult.Pass, ""),
        };
        int bits = 0;
        if (result == AuthenticationResult.Pass)
        {
            (result, reason, bits) = Verify(one, key!, ed25519);
        }

        return new DkimCheck(result, reason)
        {
            Signature = signature,
            KeyBits = bits,
            IsTesting = key?.IsTesting == true,
        };
    }

    private (AuthenticationResult, string, int) Verify(
        Candidate one, DkimKeyRecord key, Ed25519Verifier ed25519)
    {
        const int Ed25519Bits = 256;
        DkimSignature signature = one.Signature!;
        ReadOnlySpan<byte> raw = one.Field.Raw.Span;
        (int start, int length) = signature.ValuePlace.GetOffsetAndLength(raw.Length);
        byte[] own = [.. raw[..start], .. raw[(start + length)..]];
        byte[] hash = _signed!.Hash(
            signature.Names, own, one.Field.ValueStart, signature.HeaderForm);
        bool isRight;
        int bits = Ed25519Bits;
        if (key.IsEd25519)
        {
            isRight = ed25519(key.Key, hash, signature.Value);
        }
        else
        {
            RsaKey rsa = _keys.Find(key);
            if (rsa.Fault.Length > 0)
            {
                return (AuthenticationResult.Fail, rsa.Fault, 0);
            }

            bits = rsa.Bits;
            isRight = rsa.Verify(hash, signature.Value);
        }

        return isRight ? (AuthenticationResult.Pass, "", bits)
            : (AuthenticationResult.Fail, "signature does not match", bits);
    }

    private sealed record Candidate(HeaderField Field, DkimSignature? Signature, string Fault);
}
