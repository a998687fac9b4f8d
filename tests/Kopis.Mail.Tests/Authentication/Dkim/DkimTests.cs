using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Posix;

namespace Kopis.Mail.Tests.Authentication.Dkim;

public class DkimTests
{
    private const string Message =
        "From: Ann <ann@sign.example>\nTo: bob@b.example\nSubject: dinner\nDate: now\n"
        + "Message-ID: <1@sign.example>\nList-Unsubscribe: <https://sign.example/u>\n"
        + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nHi.\n\nBye.\n";

    private const string FootballRsa =
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08"
        + "a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM"
        + "KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

    private const string BrisbaneRsa =
        "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7"
        + "/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0"
        + "fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";

    /// <summary>RFC 8463, appendix A: both keys, one message.</summary>
    [Fact]
    public async Task The_example_of_rfc_8463()
    {
        TestDns dns = new TestDns()
            .Add("TXT", "brisbane._domainkey.football.example.com",
                "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
            .Add("TXT", "test._domainkey.football.example.com", FootballRsa);
        byte[] message = Vector("rfc6376.signed.msg");
        Assert.Equal("pass, pass", await DkimTools.Results(message, dns));
        message[^5]++;
        Assert.Equal(
            "fail (body has changed), fail (body has changed)",
            await DkimTools.Results(message, dns));
    }

    /// <summary>RFC 6376, appendix A.2.</summary>
    [Fact]
    public async Task The_example_of_rfc_6376()
    {
        TestDns dns = new TestDns().Add("TXT", "brisbane._domainkey.example.com", BrisbaneRsa);
        Assert.Equal("pass", await DkimTools.Results(Vector("rfc6376.example.msg"), dns));
    }

    [Fact]
    public void What_is_signed_is_folded_and_b_is_last()
    {
        string text = DkimTools.Text(DkimTools.Sign(DkimTools.Bytes(Message)));
        string[] lines = text[..text.IndexOf("From:", StringComparison.Ordinal)].Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Replace("\t", "        ").Length, 0, 78));
        Assert.All(lines.Where(line => line.Length > 0), line =>
            Assert.True(line.StartsWith("DKIM-Signature: ", StringComparison.Ordinal)
                || line[0] == '\t'));
        string field = text[..text.IndexOf("\nDKIM-Signature", StringComparison.Ordinal)];
        Assert.True(
            field.LastIndexOf(';') < field.IndexOf(" b=", StringComparison.Ordinal)
            || field.LastIndexOf(';') < field.IndexOf("\tb=", StringComparison.Ordinal));
        Assert.Contains("a=rsa-sha256", text);
        Assert.Contains("a=ed25519-sha256", text);
        Assert.Contains("c=relaxed/relaxed", text);
        Assert.Contains("List-Unsubscribe:List-Unsubscribe-Post", text.Replace("\n\t", ""));
    }

    /// <summary>One more of these would be shown by some readers: h= has each once more.</summary>
    [Theory]
    [InlineData("From: Eve <eve@evil.example>\n", false)]
    [InlineData("Subject: pay at once\n", false)]
    [InlineData("Content-Type: text/html\n", false)]
    [InlineData("Reply-To: eve@evil.example\n", false)]
    [InlineData("List-Unsubscribe: <https://evil.example>\n", true)] // That of a list.
    [InlineData("Received: from here\n", true)]
    [InlineData("X-Any: thing\n", true)]
    public async Task Fields_cannot_be_added(string field, bool isGood)
    {
        byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message));
        Assert.Equal("pass, pass", await DkimTools.Results(signed));
        string results = await DkimTools.Results([.. DkimTools.Bytes(field), .. signed]);
        Assert.Equal(
            isGood ? "pass, pass"
                : "fail (signature does not match), fail (signature does not match)",
            results);
    }

    /// <summary>Postfix adds these to what an own client sends it without them.</summary>
    [Theory]
    [InlineData("Date: Mon, 2 Mar 2026 10:00:00 +0000\n")]
    [InlineData("Message-ID: <1@relay.example>\n")]
    public async Task A_relay_may_add_what_was_missing_and_nobody_a_second_one(string field)
    {
        byte[] bare = DkimTools.Bytes("From: a@sign.example\nSubject: s\n\nHi.\n");
        byte[] signed = DkimTools.Sign(bare);
        Assert.Equal(
            "pass, pass", await DkimTools.Results([.. DkimTools.Bytes(field), .. signed]));
        byte[] whole = DkimTools.Sign([.. DkimTools.Bytes(field), .. bare]);
        Assert.Equal(
            "fail (signature does not match), fail (signature does not match)",
            await DkimTools.Results([.. DkimTools.Bytes(field), .. whole]));
    }

    [Fact]
    public async Task Relaxed_stands_blanks_and_folds_and_simple_does_not()
    {
        const string wanted = "fail (signature does not match)";
        foreach (CanonicalForm form in Enum.GetValues<CanonicalForm>())
        {
            byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message), form);
            string changed = DkimTools.Text(signed)
                .Replace("Subject: dinner", "SUBJECT:\t dinner ");
            Assert.Equal("pass, pass", await DkimTools.Results(signed));
            Assert.Equal(
                form == CanonicalForm.Relaxed ? "pass, pass" : $"{wanted}, {wanted}",
                await DkimTools.Results(DkimTools.Bytes(changed)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("To: x@y.example\n")]
    [InlineData("From: a@b.example\nFrom: c@d.example\n")]
    [InlineData("From: a@b.example\nnot a field\n")]
    public void What_others_may_see_otherwise_is_not_signed(string header)
    {
        using DkimSigner signer = new();
        MessageReader reader = new(signer);
        reader.Read(DkimTools.Bytes(header + "\nbody\n"));
        reader.End();
        System.Buffers.ArrayBufferWriter<byte> to = new();
        Assert.False(signer.CanSign);
        Assert.False(signer.Sign([DkimTools.EdKey], DkimTools.Now, null, to));
        Assert.Equal(0, to.WrittenCount);
    }

    [Theory]
    [InlineData("v=1;", "v=2;", "neutral (v= is not 1)")]
    [InlineData("v=1;", "", "neutral (v= is missing)")]
    [InlineData("a=ed25519-sha256", "a=ed25519-sha512", "neutral (algorithm is not known)")]
    [InlineData("a=ed25519-sha256", "a=rsa-sha1", "fail (SHA-1 proves nothing)")]
    [InlineData("a=ed25519-sha256", "a=rsa-sha256", "permerror (key is of another kind)")]
    [InlineData("c=relaxed/relaxed", "c=relaxed/strict", "neutral (c= is not known)")]
    [InlineData("d=sign.example", "d=sign..example", "neutral (d= is not a domain)")]
    [InlineData("d=sign.example", "d=", "neutral (d= is not a domain)")]
    [InlineData("d=sign.example", "d=example", "permerror (no key)")]
    [InlineData("s=e;", "s=e f;", "neutral (s= is not a selector)")]
    [InlineData("s=e;", "s=other;", "permerror (no key)")]
    [InlineData("s=e;", "s=silent;", "temperror (DNS does not answer)")]
    [InlineData("s=e;", "s=broken;", "permerror (key is not a key)")]
    [InlineData("s=e;", "s=revoked;", "fail (key has been revoked)")]
    [InlineData("s=e;", "s=sha1;", "permerror (key does not go with SHA-256)")]
    [InlineData("s=e;", "s=chat;", "permerror (key is not for mail)")]
    [InlineData("s=e;", "s=wrong;", "fail (signature does not match)")]
    [InlineData("s=e;", "s=e; i=x@sub.sign.example;", "fail (signature does not match)")]
    [InlineData("s=e;", "s=strict; i=x@sub.sign.example;",
        "permerror (key is not for subdomains)")]
    [InlineData("s=e;", "s=e; i=x@other.example;", "neutral (i= is not within d=)")]
    [InlineData("s=e;", "s=e; i=x@notsign.example;", "neutral (i= is not within d=)")]
    [InlineData("s=e;", "s=e; q=http;", "neutral (q= is not dns/txt)")]
    [InlineData("s=e;", "s=e; l=x;", "neutral (t=, x= or l= is not a number)")]
    [InlineData("s=e;", "s=e; l=-1;", "neutral (t=, x= or l= is not a number)")]
    [InlineData("s=e;", "s=e; l=99999999999999999999;", "neutral (t=, x= or l= is not a number)")]
    [InlineData("s=e;", "s=e; l=999;", "fail (body has changed)")]
    [InlineData("s=e;", "s=e; s=e;", "neutral (not a list of tags)")]
    [InlineData("t=1800000000", "t=1900000000", "neutral (t=, x= or l= is not a number)")]
    [InlineData("x=1800604800", "x=1799999999; n=1", "neutral (t=, x= or l= is not a number)")]
    [InlineData("From:From:", "", "permerror (From is not signed)")]
    [InlineData("bh=", "bh=A", "neutral (bh= is not a hash)")]
    [InlineData("bh=", "bh=*", "neutral (bh= is not a hash)")]
    [InlineData("b=", "b=; z=", "neutral (b= is not a signature)")]
    [InlineData("b=", "b=AAAA; z=", "neutral (b= is not a signature)")]
    public async Task A_changed_signature_does_not_pass(string from, string to, string result)
    {
        string signed = DkimTools.Text(
            DkimTools.Sign(DkimTools.Bytes(Message), keys: DkimTools.EdKey));
        int at = signed.IndexOf(from, StringComparison.Ordinal);
        at = from == "b=" ? Math.Max(
            signed.IndexOf("\tb=", StringComparison.Ordinal),
            signed.IndexOf(" b=", StringComparison.Ordinal)) + 1 : at;
        string changed = signed[..at] + to + signed[(at + from.Length)..];
        string other = Convert.ToBase64String(
            Ed25519.PublicKeyOf(RandomNumberGenerator.GetBytes(Ed25519.KeyBytes)));
        string key = DkimKeyText.RecordOf(Ed25519.PublicKeyOf(DkimTools.Seed));
        TestDns dns = DkimTools.Dns()
            .Silent("silent._domainkey.sign.example")
            .Add("TXT", "broken._domainkey.sign.example", "v=DKIM1; k=ed25519; p=AAAA")
            .Add("TXT", "revoked._domainkey.sign.example", "v=DKIM1; k=ed25519; p=")
            .Add("TXT", "sha1._domainkey.sign.example", key + "; h=sha1")
            .Add("TXT", "chat._domainkey.sign.example", key + "; s=chat")
            .Add("TXT", "strict._domainkey.sign.example", key + "; t=s")
            .Add("TXT", "wrong._domainkey.sign.example", "k=ed25519; p=" + other);
        Assert.Equal(result, await DkimTools.Results(DkimTools.Bytes(changed), dns));
    }

    [Fact]
    public async Task A_signature_ends_when_it_says()
    {
        byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message), keys: DkimTools.EdKey);
        DateTimeOffset end = DkimTools.Now + TimeSpan.FromDays(7);
        Assert.Equal(
            AuthenticationResult.Pass, (await DkimTools.Check(signed, now: end))[0].Result);
        DkimCheck late = (await DkimTools.Check(signed, now: end.AddSeconds(1)))[0];
        Assert.Equal(
            (AuthenticationResult.Fail, "signature has expired"), (late.Result, late.Reason));
        DkimCheck none = (await DkimTools.Check(signed, hasEd25519: false))[0];
        Assert.Equal(AuthenticationResult.Neutral, none.Result);
    }

    [Theory]
    [InlineData(512, "fail (key is too short)")]
    [InlineData(1016, "fail (key is too short)")]
    [InlineData(1024, "pass")]
    public Task Keys_have_1024_bits_at_least(int bits, string result) => TryKey(bits, result);

    [Trait("Size", "large")] // Such a key takes a second or two to make.
    [Fact]
    public Task Keys_have_up_to_4096_bits() => TryKey(4096, "pass");

    private static async Task TryKey(int bits, string result)
    {
        RSA rsa = bits == 4096 ? DkimTools.LargeRsa : RSA.Create(bits);
        DkimSigningKey key = DkimSigningKey.OfRsa(DkimTools.Domain, "k", rsa);
        byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message), keys: key);
        TestDns dns = new TestDns()
            .Add("TXT", "k._domainkey.sign.example", DkimKeyText.RecordOf(rsa));
        Assert.Equal(result, await DkimTools.Results(signed, dns));
        Assert.Equal(
            bits is >= 1024 and <= 4096,
            DkimKeyText.ReadRsa(rsa.ExportPkcs8PrivateKeyPem()) is not null);
    }

    [Fact]
    public async Task A_key_may_stand_without_its_algorithm()
    {
        byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message), keys: DkimTools.RsaKey);
        string bare = Convert.ToBase64String(DkimTools.Rsa.ExportRSAPublicKey());
        TestDns dns = new TestDns().Add("TXT", "r._domainkey.sign.example", "p = " + bare);
        Assert.Equal("pass", await DkimTools.Results(signed, dns));
    }

    [Fact]
    public async Task A_key_over_4096_bits_is_not_tried()
    {
        byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message), keys: DkimTools.RsaKey);
        using RSA rsa = RSA.Create();
        rsa.ImportParameters(new RSAParameters
        {
            Modulus = [0x80, .. new byte[511], 1], // 4,104 bits, of no use to anybody.
            Exponent = [1, 0, 1],
        });
        TestDns dns = new TestDns()
            .Add("TXT", "r._domainkey.sign.example", DkimKeyText.RecordOf(rsa));
        Assert.Equal("fail (key is too long)", await DkimTools.Results(signed, dns));
    }

    [Theory]
    [InlineData(0, 65537, "fail (signature does not match)")] // An even modulus.
    [InlineData(1, 65537, "fail (signature does not match)")]
    [InlineData(1, 65536, "fail (key is not an RSA key)")]
    [InlineData(1, 2, "fail (key is not an RSA key)")]
    [InlineData(1, 1, "fail (key is not an RSA key)")] // It would leave a signature as it is.
    public async Task Numbers_that_are_no_keys_check_nothing(
        byte lowest, int exponent, string result)
    {
        byte[] modulus = [0x80, .. new byte[254], lowest];
        AsnWriter key = new(AsnEncodingRules.DER);
        using (key.PushSequence())
        {
            key.WriteIntegerUnsigned(modulus);
            key.WriteInteger(exponent);
        }

        byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message), keys: DkimTools.RsaKey);
        TestDns dns = new TestDns().Add(
            "TXT", "r._domainkey.sign.example", "p=" + Convert.ToBase64String(key.Encode()));
        Assert.Equal(result, await DkimTools.Results(signed, dns));
    }

    [Theory, InlineData(32), InlineData(255), InlineData(257), InlineData(1024)]
    public async Task A_signature_of_another_length_than_its_key_is_wrong(int bytes)
    {
        string signed = DkimTools.Text(
            DkimTools.Sign(DkimTools.Bytes(Message), keys: DkimTools.RsaKey));
        string value = Convert.ToBase64String(new byte[bytes]);
        int start = signed.IndexOf("\tbh=", StringComparison.Ordinal);
        int at = signed.IndexOf("b=", start + 4, StringComparison.Ordinal);
        string changed = signed[..(at + 2)] + value
            + signed[signed.IndexOf("\nFrom:", StringComparison.Ordinal)..];
        Assert.Equal(
            "fail (signature does not match)",
            await DkimTools.Results(DkimTools.Bytes(changed)));
    }

    /// <summary>An exponent of 3,000 bits makes a check as dear as a signature.</summary>
    [Fact]
    public async Task A_large_exponent_is_refused()
    {
        byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message), keys: DkimTools.RsaKey);
        RSAParameters parts = DkimTools.Rsa.ExportParameters(false);
        using RSA rsa = RSA.Create();
        rsa.ImportParameters(parts with { Exponent = [1, .. new byte[100], 1] });
        TestDns dns = new TestDns()
            .Add("TXT", "r._domainkey.sign.example", DkimKeyText.RecordOf(rsa));
        Assert.Equal("fail (key has too large an exponent)", await DkimTools.Results(signed, dns));
    }

    [Fact]
    public async Task A_length_passes_and_authenticates_nobody()
    {
        byte[] signed = SignedByHand("l=5; ", "Hi.\r\n");
        DkimCheck check = (await DkimTools.Check(signed))[0];
        Assert.Equal((AuthenticationResult.Pass, true), (check.Result, check.IsPartial));
        Assert.Null(check.AuthenticatedDomain);
        byte[] longer = [.. signed, .. "and more that nobody signed\n"u8];
        Assert.Equal("pass", await DkimTools.Results(longer));
        DkimCheck whole = (await DkimTools.Check(SignedByHand("", "Hi.\r\n")))[0];
        Assert.Equal((AuthenticationResult.Pass, "sign.example"),
            (whole.Result, whole.AuthenticatedDomain));
    }

    [Fact]
    public async Task Eight_signatures_are_looked_at_and_each_key_is_asked_once()
    {
        byte[] signed = DkimTools.Sign(
            DkimTools.Bytes(Message), keys: [.. Enumerable.Repeat(DkimTools.EdKey, 12)]);
        TestDns dns = DkimTools.Dns();
        using DkimVerifier verifier = new();
        MessageReader reader = new(verifier);
        reader.Read(signed);
        reader.End();
        IReadOnlyList<DkimCheck> checks =
            await verifier.CheckAsync(dns, DkimTools.Now, Ed25519.Verify, default);
        Assert.Equal(8, checks.Count);
        Assert.Equal(4, verifier.Skipped);
        Assert.All(checks, check => Assert.Equal(AuthenticationResult.Pass, check.Result));
        Assert.Equal(1, dns.Questions);
    }

    /// <summary>RFC 8616: names as U-labels are A-labels in DNS and in results.</summary>
    [Fact]
    public async Task A_domain_may_be_written_in_u_labels()
    {
        byte[] field = [.. "DKIM-Signature: v=1; a=rsa-sha256; s=s; h=From; bh="u8,
            .. DkimTools.Bytes(Convert.ToBase64String(new byte[32])), .. "; b="u8,
            .. DkimTools.Bytes(Convert.ToBase64String(new byte[64])),
            .. Encoding.UTF8.GetBytes("; d=b\u00fccher.example; i=@x.B\u00dcCHER.example")];
        DkimCheck check = (await DkimTools.Check([.. field, .. "\nFrom: a@b.example\n\n"u8]))[0];
        Assert.Equal("xn--bcher-kva.example", check.Signature!.Domain);
        Assert.Equal("@x.xn--bcher-kva.example", check.Signature.Identity);
    }

    [Fact]
    public async Task A_header_that_is_too_large_is_an_error()
    {
        byte[] signed = DkimTools.Sign(DkimTools.Bytes(Message));
        string bomb = string.Concat(Enumerable.Repeat("X: y\n", MessageReader.FieldsMax));
        Assert.Equal(
            "permerror (header is too large)",
            await DkimTools.Results([.. DkimTools.Bytes(bomb), .. signed]));
    }

    [Fact]
    public void Keys_are_read_from_pem()
    {
        string pem = DkimKeyText.WriteEd25519(DkimTools.Seed);
        Assert.Equal(DkimTools.Seed, DkimKeyText.ReadEd25519(pem));
        Assert.Null(DkimKeyText.ReadRsa(pem));
        using RSA? rsa = DkimKeyText.ReadRsa(DkimTools.Rsa.ExportRSAPrivateKeyPem());
        Assert.NotNull(rsa);
        Assert.Null(DkimKeyText.ReadEd25519(DkimTools.Rsa.ExportPkcs8PrivateKeyPem()));
        Assert.Null(DkimKeyText.ReadRsa(DkimTools.Rsa.ExportSubjectPublicKeyInfoPem()));
        Assert.Null(DkimKeyText.ReadEd25519("nothing"));
        Assert.Null(DkimKeyText.ReadRsa("nothing"));
    }

    /// <summary>A signature over From alone, with a tag more.</summary>
    private static byte[] SignedByHand(string tag, string body)
    {
        string hash = Convert.ToBase64String(SHA256.HashData(DkimTools.Bytes(body)));
        string field = $"DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; {tag}d=sign.example; "
            + $"s=r; h=From; bh={hash}; b=";
        byte[] head = SHA256.HashData(DkimTools.Bytes("From: a@sign.example\r\n" + field));
        string value = Convert.ToBase64String(
            DkimTools.Rsa.SignHash(head, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        return DkimTools.Bytes($"{field}{value}\nFrom: a@sign.example\n\n{body}");
    }

    private static byte[] Vector(string name) => File.ReadAllBytes(Path.Combine(
        AppContext.BaseDirectory, "Authentication/Dkim/vectors", name));
}
