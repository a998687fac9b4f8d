using System.Buffers;
using System.Net;
using System.Text;
using CsCheck;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Authentication.Spf;

namespace Kopis.Mail.Tests.Authentication.Results;

/// <summary>RFC 8601.</summary>
public class ResultsTests
{
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.1");

    [Fact]
    public void Nothing_is_none() => Assert.Equal(
        "Authentication-Results: mx.example; none\n", Text(new ResultsField("mx.example")));

    [Fact]
    public void All_of_them()
    {
        ResultsField field = new("mx.example");
        field.Add(Spf("joe@a.example", AuthenticationResult.Pass));
        field.Add(new DkimCheck(AuthenticationResult.Pass, "") { Signature = Signature("") });
        field.Add(new DkimCheck(AuthenticationResult.Pass, "") { Signature = Signature(";l=1") });
        field.Add(new DkimCheck(AuthenticationResult.Neutral, "not a list of tags"));
        field.Add(new DmarcCheck(
            AuthenticationResult.Fail, "a.example", "nothing aligned has passed")
        {
            Record = DmarcRecord.Parse("v=DMARC1; p=reject"),
            PolicyDomain = "a.example",
            Policy = DmarcPolicy.Reject,
        });
        field.Add(new ReverseNameCheck(AuthenticationResult.Pass, Client, "a.example"));
        field.AddLogin("joe");
        Assert.Equal(
            """
            Authentication-Results: mx.example;
            	spf=pass smtp.mailfrom=a.example;
            	dkim=pass header.d=a.example header.i=@a.example header.s=s
            	 header.a=rsa-sha256 header.b=AAAAAAAA;
            	dkim=policy reason="l= leaves a part unsigned" header.d=a.example
            	 header.i=@a.example header.s=s header.a=rsa-sha256
            	 header.b=AAAAAAAA;
            	dkim=neutral reason="not a list of tags";
            	dmarc=fail reason="nothing aligned has passed" header.from=a.example
            	 polrec.p=reject polrec.domain=a.example;
            	iprev=pass policy.iprev=192.0.2.1;
            	auth=pass smtp.auth=joe

            """,
            Text(field));
    }

    /// <summary>What a client sends cannot become a line, a result, or an end of a quote.</summary>
    [Theory]
    [InlineData("a@b.example; dkim=pass", "smtp.mailfrom=\"b.example; dkim=pass\"")]
    [InlineData("a@b\r\nX: y", "smtp.mailfrom=\"b??X: y\"")]
    [InlineData("a@b\"; dkim=pass", "smtp.mailfrom=\"b\\\"; dkim=pass\"")]
    [InlineData("a@b\\", "smtp.mailfrom=\"b\\\\\"")]
    [InlineData("a@b(c", "smtp.mailfrom=\"b(c\"")]
    [InlineData("a@\u00fc", "smtp.mailfrom=\"?\"")]
    [InlineData("a@", "smtp.mailfrom=\"\"")]
    public void Values_are_quoted(string sender, string wanted)
    {
        ResultsField field = new("mx.example");
        field.Add(Spf(sender, AuthenticationResult.None));
        Assert.Contains(wanted, Text(field).Replace("\n\t", " "));
    }

    [Fact]
    public void Any_sender_stays_within_its_quotes() =>
        Gen.Char[(char)0, (char)255].Array[0, 400].Sample(text =>
        {
            ResultsField field = new("mx.example");
            field.AddLogin(new string(text));
            string written = Text(field);
            Assert.Matches("^[ -~\t\n]*$", written);
            Assert.All(written.Split('\n')[1..^1], line => Assert.StartsWith("\t", line));
            Assert.True(written.Length < 700);
            Assert.Equal("mx.example", ResultsServer.Read(
                Encoding.Latin1.GetBytes(written["Authentication-Results:".Length..])));
        });

    [Theory]
    [InlineData("mx.ours.example; spf=pass", "mx.ours.example")]
    [InlineData(" mx.ours.example;spf=pass", "mx.ours.example")]
    [InlineData(" MX.Ours.Example 1; spf=pass", "mx.ours.example")]
    [InlineData("\r\n\tmx.ours.example; none", "mx.ours.example")]
    [InlineData(" (a (nested) \\) one) mx.ours.example(x); none", "mx.ours.example")]
    [InlineData(" \"mx.ours.example\"; none", "mx.ours.example")]
    [InlineData(" \"mx.\\ours.example\" 1; none", "mx.ours.example")]
    [InlineData(" mx.ours.example.; none", "mx.ours.example")]
    [InlineData(" mx.ours.example/1; none", "mx.ours.example")]
    [InlineData(" b\u00fccher.example; none", "xn--bcher-kva.example")]
    [InlineData(" XN--BCHER-KVA.example; none", "xn--bcher-kva.example")]
    [InlineData(" other.example; spf=pass (mx.ours.example)", "other.example")]
    [InlineData(" ; spf=pass", null)]
    [InlineData("", null)]
    [InlineData(" (no end", null)]
    [InlineData(" \"\"; x", null)]
    public void Who_it_is_from(string value, string? server) =>
        Assert.Equal(server, ResultsServer.Read(Encoding.UTF8.GetBytes(value)));

    [Theory]
    [InlineData("A: b\nAuthentication-Results: mx.ours; x\nC: d\n\nx\n", "A: b\nC: d\n\nx\n")]
    [InlineData("authentication-results : mx.ours; x\nC: d\n\n", "C: d\n\n")]
    [InlineData("Authentication-Results:\n mx.ours;\n\tspf=pass\nC: d\n\n", "C: d\n\n")]
    [InlineData("Authentication-Results: other; spf=pass\n more\nC: d\n\n", null)]
    [InlineData("C: d\n\nAuthentication-Results: mx.ours; in the body\n", null)]
    [InlineData("C: d\r\nAuthentication-Results: mx.ours; x\r\n\r\nx\r\n", "C: d\r\n\r\nx\r\n")]
    [InlineData("C: d\rAuthentication-Results: mx.ours; x\rE: f\n\n", "C: d\rE: f\n\n")]
    [InlineData("no field\nAuthentication-Results: mx.ours; x\n\n", "no field\n\n")]
    [InlineData("Authentication-Results: mx.ours", "")]
    [InlineData("Authentication-Results: (never ends\nC: d\n\n", "C: d\n\n")]
    [InlineData("X-Authentication-Results: mx.ours; x\n\n", null)]
    [InlineData("Authentication-Results: \"mx.ours\"; x\nAuthentication-Results: b; y\n\n",
        "Authentication-Results: b; y\n\n")]
    [InlineData("", null)]
    [InlineData("C: d", null)]
    [InlineData("\n\nbody", null)]
    public void Forged_ones_are_removed(string message, string? rest)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(message);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.Equal(rest ?? message, Filter(bytes[..cut], bytes[cut..]));
        }
    }

    [Fact]
    public void Long_ones_are_removed_and_other_long_lines_stay()
    {
        string long1 = "Authentication-Results: other; " + new string('x', 100_000) + "\n";
        string long2 = "Subject: " + new string('y', 200_000) + "\n";
        string many = "Authentication-Results: other;\n"
            + string.Concat(Enumerable.Repeat("\tspf=pass\n", 10_000));
        Assert.Equal(
            long2 + long2 + "\nbody",
            Filter(Encoding.Latin1.GetBytes(long2 + long1 + many + long2 + "\nbody")));
    }

    [Fact]
    public void Cuts_do_not_matter_and_other_mail_stays_as_it_is() =>
        Pieces.Of("A: b", "\n", "\r\n", "\r", " ", "Authentication-Results:", " mx.ours;",
            " mx.other;", "\n\n", "x", "authentication-results: x\n")
            .Array[0, 20].Select(words => Encoding.Latin1.GetBytes(string.Concat(words)))
            .Sample(message =>
            {
                string whole = Filter(message);
                for (int cut = 0; cut <= message.Length; cut++)
                {
                    Assert.Equal(whole, Filter(message[..cut], message[cut..]));
                }
            });

    [Fact]
    public async Task A_name_has_to_lead_back()
    {
        TestDns dns = new TestDns().Add("PTR", "192.0.2.1", "b.example", "a.example")
            .Add("A", "a.example", "192.0.2.1").Add("A", "b.example", "192.0.2.2")
            .Add("PTR", "192.0.2.2", "a.example").Add("PTR", "192.0.2.3", "silent.example")
            .Silent("silent.example").Silent("192.0.2.4")
            .Add("PTR", "192.0.2.6", [.. Enumerable.Range(0, 50).Select(i => $"n{i}.example")]);
        foreach ((string address, AuthenticationResult result, string? name) in new[]
        {
            ("192.0.2.1", AuthenticationResult.Pass, "a.example"),
            ("::ffff:192.0.2.1", AuthenticationResult.Pass, "a.example"),
            ("192.0.2.2", AuthenticationResult.Fail, null),
            ("192.0.2.3", AuthenticationResult.TempError, null),
            ("192.0.2.4", AuthenticationResult.TempError, null),
            ("192.0.2.5", AuthenticationResult.PermError, null),
            ("192.0.2.6", AuthenticationResult.Fail, null),
        })
        {
            int before = dns.Questions;
            ReverseNameCheck check = await ReverseNameCheck.CheckAsync(
                dns, IPAddress.Parse(address), default);
            Assert.Equal((result, name), (check.Result, check.Name));
            Assert.InRange(dns.Questions - before, 1, 11);
        }
    }

    private static SpfCheck Spf(string sender, AuthenticationResult result) => new(
        result, SpfRequest.OfMailFrom(Client, Encoding.Latin1.GetBytes(sender), "h"u8), "");

    private static DkimSignature Signature(string more)
    {
        string zeros = Convert.ToBase64String(new byte[32]);
        byte[] raw = Encoding.ASCII.GetBytes(
            $"D:v=1;a=rsa-sha256;s=s;h=From;bh={zeros};b={zeros};d=a.example" + more);
        return DkimSignature.Parse(new HeaderField(raw, 1), out _)!;
    }

    private static string Filter(params byte[][] pieces)
    {
        ForgedResultsFilter filter = new(ForgedResultsFilter.Names(["MX.ours"]));
        ArrayBufferWriter<byte> to = new();
        foreach (byte[] piece in pieces)
        {
            filter.Read(piece, to);
        }

        filter.End(to);
        return Encoding.Latin1.GetString(to.WrittenSpan);
    }

    private static string Text(ResultsField field)
    {
        ArrayBufferWriter<byte> to = new();
        field.Write(to);
        return Encoding.ASCII.GetString(to.WrittenSpan);
    }
}
