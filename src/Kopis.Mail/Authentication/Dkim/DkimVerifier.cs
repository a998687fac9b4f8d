namespace Kopis.Mail.Authentication.Dkim;

/// <summary>
/// Checks the signatures of a message (RFC 6376 §6.1). The message goes through
/// <see cref="MessageReader"/>, which has this as its parts; then <see cref="CheckAsync"/> asks for
/// the keys. Memory: the header, and two hashes.
/// </summary>
public sealed class DkimVerifier : IMessageParts, IDisposable
{
    /// <summary>How many signatures are looked at, from the top: RFC 6376 §6.1 lets verifiers
    /// limit them; real mail has one to four.</summary>
    public const int SignaturesMax = 8;

    private static readonly byte[] FieldName = "DKIM-Signature"u8.ToArray();

    private readonly List<Candidate> _candidates = [];
    private readonly List<(BodyHash Hash, CanonicalBody Body, CanonicalForm Form)> _bodies = [];
    private SignedHeader? _signed;
    private bool _isEnded;

    /// <summary>Makes RSA keys ready; null: the base library checks with them.</summary>
    public RsaLoader? LoadRsa { get; init; }

    /// <summary>The message's header; null until it is over.</summary>
    public MessageHeader? Header { get; private set; }

    /// <summary>How many signatures beyond <see cref="SignaturesMax"/> were not looked at.
    /// </summary>
    public int Skipped { get; private set; }

    /// <inheritdoc/>
    public void OnHeader(MessageHeader header)
    {
        Header = header;
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

        AddBody(CanonicalForm.Relaxed);
        AddBody(CanonicalForm.Simple);
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

        DkimCheck[] checks = new DkimCheck[_candidates.Count];
        for (int i = 0; i < checks.Length; i++)
        {
            if (Judge(_candidates[i], now, ed25519) is { } check)
            {
                checks[i] = check;
            }
            else
            {
                _candidates[i].Key = FindKeyAsync(i, dns, stop).AsTask();
            }
        }

        for (int i = 0; i < checks.Length; i++)
        {
            if (_candidates[i].Key is { } key)
            {
                checks[i] = Judge(_candidates[i], await key, ed25519!);
            }
        }

        return checks;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signed?.Dispose();
        foreach ((BodyHash hash, _, _) in _bodies)
        {
            hash.Dispose();
        }
    }

    /// <summary>Asks for the key of a signature, unless one before it needs the same.</summary>
    private ValueTask<DnsRecords<string>> FindKeyAsync(
        int index, IAuthenticationDns dns, CancellationToken stop)
    {
        string name = _candidates[index].KeyName;
        for (int i = 0; i < index; i++)
        {
            if (_candidates[i] is { Key: { } known } before && before.KeyName == name)
            {
                return new ValueTask<DnsRecords<string>>(known);
            }
        }

        return DomainText.IsName(name)
            ? dns.FindTextsAsync(name, stop)
            : ValueTask.FromResult(new DnsRecords<string>(DnsOutcome.NoSuchName));
    }

    /// <summary>Makes the hash of a form, where a signature asks for it.</summary>
    private void AddBody(CanonicalForm form)
    {
        Span<long> lengths = stackalloc long[SignaturesMax];
        int count = 0;
        bool isWanted = false;
        foreach (Candidate one in _candidates)
        {
            if (one.Signature is { } signature && signature.BodyForm == form)
            {
                isWanted = true;
                if (signature.BodyLength is { } length)
                {
                    lengths[count++] = length;
                }
            }
        }

        if (isWanted)
        {
            BodyHash hash = new(lengths[..count]);
            _bodies.Add((hash, new CanonicalBody(form, hash), form));
        }
    }

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

    private bool BodyMatches(DkimSignature signature)
    {
        (BodyHash hash, _, _) = _bodies[0].Form == signature.BodyForm ? _bodies[0] : _bodies[1];
        return hash.Get(signature.BodyLength)?.AsSpan().SequenceEqual(signature.BodyHash) == true;
    }

    /// <summary>Of the records that are keys the first one of a kind, else the first.</summary>
    private static DkimKeyRecord? KeyIn(IReadOnlyList<string> records, bool isEd25519)
    {
        DkimKeyRecord? first = null;
        foreach (string record in records)
        {
            if (DkimKeyRecord.Find(record) is { } key)
            {
                if (key.IsEd25519 == isEd25519)
                {
                    return key;
                }

                first ??= key;
            }
        }

        return first;
    }

    private DkimCheck Judge(Candidate one, DnsRecords<string> answer, Ed25519Verifier ed25519)
    {
        DkimSignature signature = one.Signature!;
        bool wantsEd25519 = signature.Algorithm == DkimAlgorithm.Ed25519Sha256;
        DkimKeyRecord? key = KeyIn(answer.Records, wantsEd25519);
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
        _signed ??= new SignedHeader(Header!);
        byte[] hash = _signed.Hash(
            signature.Names, own, one.Field.ValueStart, signature.HeaderForm);
        bool isRight;
        int bits = Ed25519Bits;
        if (key.IsEd25519)
        {
            isRight = ed25519(key.Key, hash, signature.Value);
        }
        else
        {
            RsaKey rsa = key.Rsa;
            if (rsa.Fault.Length > 0)
            {
                return (AuthenticationResult.Fail, rsa.Fault, 0);
            }

            bits = rsa.Bits;
            isRight = rsa.Verify(hash, signature.Value, LoadRsa);
        }

        return isRight ? (AuthenticationResult.Pass, "", bits)
            : (AuthenticationResult.Fail, "signature does not match", bits);
    }

    private sealed class Candidate(HeaderField raw, DkimSignature? signature, string fault)
    {
        internal HeaderField Field => raw;

        internal DkimSignature? Signature => signature;

        internal string Fault => fault;

        /// <summary>Where its key is, as DNS is asked.</summary>
        internal string KeyName { get; } = signature is null
            ? "" : $"{signature.Selector}._domainkey.{signature.Domain}";

        /// <summary>The answer; null where nobody had to ask.</summary>
        internal Task<DnsRecords<string>>? Key { get; set; }
    }
}
