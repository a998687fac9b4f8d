using Kopis.Host.Doctor;

namespace Kopis.Host.Tests.Doctor;

/// <summary>The host's own state: each fact by itself makes its finding, and none other.</summary>
public class HostJudgeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 0, 0, 0, TimeSpan.Zero);

    private static readonly HostFacts Sound = new()
    {
        Me = "mx.example.org",
        HasRcptHosts = true,
        Installation = [],
        Aliases = ["postmaster", "abuse", "mailer-daemon"],
        Certificate = new CertificateFacts(true, null)
        {
            From = Now.AddDays(-1),
            Until = Now.AddDays(60),
            HasName = true,
        },
        IsSendRunning = true,
        Oldest = TimeSpan.FromHours(1),
        Messages = 3,
        FreeBytes = 10L << 30,
        FreeFiles = 1_000_000,
        Memory = (1_000_000, 4_000_000),
        Load = 0.5,
        IsClockKept = true,
        Files = 1024,
        Sendmail = "/var/qmail/bin/kopis",
        IsListening = true,
        Listener = "kopis",
    };

    public static TheoryData<string> Names => [.. Broken.Keys];

    private static Dictionary<string, HostFacts> Broken { get; } = new()
    {
        ["host.me fault"] = Sound with { Me = "mx.localdomain" },
        ["host.ascii fault"] = Sound with { Names = [("control/locals", "b\u00FCcher.example")] },
        ["host.locale warning"] = Sound with { LoopbackNames = ["MX.example.org"] },
        ["control.check fault"] = Sound with { ControlProblems = ["x"] },
        ["control.resolvers fault"] = Sound with { ResolverFaults = ["x"] },
        ["control.rcpthosts fault"] = Sound with { HasRcptHosts = false },
        ["control.local warning"] = Sound with { LocalsMissed = ["b.example"] },
        ["install.home fault"] = Sound with { Installation = ["x"] },
        ["install.home unchecked"] = Sound with { Installation = null },
        ["alias.abuse note"] = Sound with { Aliases = ["postmaster", "mailer-daemon"] },
        ["cert.readable fault"] = Sound with { Certificate = new CertificateFacts(true, "x") },
        ["cert.readable unchecked"] = Sound with
        {
            Certificate = new CertificateFacts(true, "x") { IsHidden = true },
        },
        ["cert.dates fault"] = WithCertificate(one => one with { Until = Now }),
        ["cert.soon warning"] = WithCertificate(one => one with { Until = Now.AddDays(13) }),
        ["cert.name fault"] = WithCertificate(one => one with { HasName = false }),
        ["cert.issuer note"] = WithCertificate(one => one with { IsSelfSigned = true }),
        ["queue.running fault"] = Sound with { IsSendRunning = false },
        ["queue.running unchecked"] = Sound with { IsSendRunning = null },
        ["queue.size warning"] = Sound with { Messages = 10_000 },
        ["queue.size unchecked"] = Sound with { Messages = null },
        ["queue.oldest warning"] = Sound with { Oldest = TimeSpan.FromHours(25) },
        ["disk.space fault"] = Sound with { FreeBytes = 1 << 20 },
        ["disk.inodes fault"] = Sound with { FreeFiles = 9_999 },
        ["host.memory warning"] = Sound with { Memory = (300_000, 4_000_000) },
        ["host.load note"] = Sound with { Load = 4.5 },
        ["host.clock warning"] = Sound with { IsClockKept = false },
        ["host.clock unchecked"] = Sound with { IsClockKept = null },
        ["host.limits warning"] = Sound with { Files = 256 },
        ["host.sendmail note"] = Sound with { Sendmail = "/usr/sbin/exim4" },
        ["port.listen fault"] = Sound with { IsListening = false },
        ["port.conflict fault"] = Sound with { Listener = "exim4" },
        ["port.conflict unchecked"] = Sound with { Listener = null },
        ["dkim.files fault"] = Sound with { KeyFaults = ["x"] },
    };

    [Fact]
    public void A_sound_host_has_no_finding() => Assert.Equal("", Said(Sound));

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_fault_is_found_alone(string wanted) =>
        Assert.Equal(wanted, Said(Broken[wanted]));

    [Fact]
    public void Results_come_back_as_they_were_sent()
    {
        Verdicts said = new("a|b\n\u001b[31m");
        said.Judge("spf.missing", true, "x|y\tz\u0007", "_a. IN TXT ( \"v=x | y\" )");
        said.Unknown("mx.missing", new string('x', 10_000));
        foreach (DoctorResult one in said.All)
        {
            string line = one.ToLine();
            Assert.InRange(line.Length, 1, 2000);
            Assert.DoesNotContain('\u001b', line);
            DoctorResult? read = DoctorResult.ReadLine(line.TrimEnd('\n'));
            Assert.Equal(one.Check, read?.Check);
            Assert.Equal(one.Mend, read?.Mend);
            Assert.Equal(line, read?.ToLine());
        }

        Assert.All(
            ["", "ok 3", "spf.missing|9|a|b|c", "odd.id|1|a|b|c", "spf.missing|1|a"],
            line => Assert.Null(DoctorResult.ReadLine(line)));
    }

    private static HostFacts WithCertificate(Func<CertificateFacts, CertificateFacts> change) =>
        Sound with { Certificate = change(Sound.Certificate) };

    private static string Said(HostFacts facts) => string.Join(
        ", ", new HostJudge(facts, Now).Judge().Where(one => one.State != DoctorState.Ok)
            .Select(one => $"{one.Check.Id} {DoctorText.Word(one.State)}"));
}
