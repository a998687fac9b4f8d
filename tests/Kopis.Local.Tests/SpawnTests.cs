using System.Text;
using CsCheck;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Local.Spawn;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Tools.Tables;
using Kopis.Users.Recipients;

namespace Kopis.Local.Tests;

/// <summary>qmail-lspawn's decisions: whose an address is, and what is reported (contract §7.1 to
/// §7.4).</summary>
public sealed class SpawnTests : IDisposable
{
    private static readonly string[] Assign =
    [
        "=joe:joe:1:2:/joe:::", "+joe-:joe:1:2:/joe:-::", "+joe-list-:list:3:4:/list:-:pre-:",
        "=joe:second:9:9:/x:::", "+A.:dot:5:6:/dot:-::", "=ANN:ann:7:8:/ann:::",
    ];

    private readonly string _homes = Directory.CreateTempSubdirectory("kopis-homes-").FullName;

    public void Dispose() => Directory.Delete(_homes, recursive: true);

    [Theory]
    [InlineData("joe", "joe 1 2 /joe  ")]
    [InlineData("JOE", "joe 1 2 /joe  ")]
    [InlineData("joe-", "joe 1 2 /joe - ")]
    [InlineData("joe-X-y", "joe 1 2 /joe - X-y")]
    [InlineData("joe-LIST-Me", "list 3 4 /list - pre-Me")]
    [InlineData("joe-list", "joe 1 2 /joe - list")]
    [InlineData("a.B", "dot 5 6 /dot - B")]
    [InlineData("ann", "ann 7 8 /ann  ")]
    [InlineData("ann-x", null)]
    [InlineData("joex", null)]
    [InlineData("", null)]
    public void The_longest_assignment_wins(string local, string? expected)
    {
        byte[] image = Compile(string.Join('\n', Assign) + "\n.\n")!;
        Assert.Equal(expected, Show(UsersCdb.Find(image, ByteText.ToBytes(local))));
    }

    [Fact]
    public void An_empty_wildcard_takes_the_rest()
    {
        byte[] image = Compile("+:alias:1:2:/alias:-::\n.\n")!;
        Assert.Equal("alias 1 2 /alias - AnyOne", Show(UsersCdb.Find(image, "AnyOne"u8)));
    }

    [Theory]
    [InlineData("=a:u:x:1:/h:::")]
    [InlineData("=a:u:-1:1:/h:::")]
    [InlineData("=a:u:4294967296:1:/h:::")]
    [InlineData("=a:u:1::/h:::")]
    [InlineData("=a:u:1:1:h:::")]
    [InlineData("=a:u:1:1::::")]
    public void A_record_that_is_no_user_is_a_bug(string line) =>
        Assert.Equal(SpawnCode.Usage, UsersCdb.Find(Record(line), "a"u8).Code);

    [Theory]
    [InlineData("=a:u:0:1:/h:::")]
    [InlineData("=a:u:1:0:/h:::")]
    [InlineData("=a:u:4294967295:1:/h:::")]
    [InlineData("=a:u:1:4294967295:/h:::")]
    public void A_record_with_an_id_that_is_nobodys_is_refused(string line)
    {
        Assert.Equal(SpawnCode.Root, UsersCdb.Find(Record(line), "a"u8).Code);
        ConfigurationException refused = Assert.Throws<ConfigurationException>(
            () => Compile("=b:u:1:1:/h:::\n" + line + "\n.\n"));
        Assert.StartsWith("bad format in users/assign: line 2: ", refused.Message);
    }

    [Fact]
    public void Fields_are_parsed_strictly() => Gen.Byte.Array[0, 60].Sample(bytes =>
    {
        if (RecipientUser.Parse(bytes) is { } user)
        {
            Assert.Equal((byte)'/', user.Home[0]);
            Assert.Equal(user.ToFields(), RecipientUser.Parse(user.ToFields())!.ToFields());
        }
    });

    [Theory]
    [InlineData("joe", "joe  ")]
    [InlineData("Joe-Ext-a", "joe - Ext-a")]
    [InlineData("joe-ann-x", "joe-ann - x")]
    [InlineData("joe-ann", "joe-ann  ")]
    [InlineData("root", "alias - root")]
    [InlineData("root-x", "alias - root-x")]
    [InlineData("stolen", "alias - stolen")]
    [InlineData("homeless", "alias - homeless")]
    [InlineData("-x", "alias - -x")]
    [InlineData("Nobody.Known", "alias - Nobody.Known")]
    [InlineData("a234567890123456789012345678901", "a234567890123456789012345678901  ")]
    [InlineData("a2345678901234567890123456789012", "alias - a2345678901234567890123456789012")]
    public void The_hosts_users(string local, string expected)
    {
        LookupResult found = new PasswordLookup(Passwd).Find(ByteText.ToBytes(local));
        Assert.Equal(
            expected,
            string.Join(' ', new[] { found.User!.Name, found.User.Dash, found.User.Ext }
                .Select(field => ByteText.ToText(field))));
    }

    [Fact]
    public void Without_alias_there_is_nobody() => Assert.Equal(
        SpawnCode.NoAlias, new PasswordLookup(_ => null).Find("x"u8).Code);

    [Fact]
    public void A_name_service_in_trouble_defers() => Assert.Equal(
        SpawnCode.System,
        new PasswordLookup(_ => throw new PosixException("x", Errno.InputOutput)).Find("x"u8).Code);

    [Theory]
    [InlineData(0, "Kwords")]
    [InlineData(100, "Dwords")]
    [InlineData(1, "Dwords")]
    [InlineData(255, "Dwords")]
    [InlineData(111, "Zwords")]
    [InlineData(71, "Zwords")]
    [InlineData(74, "Zwords")]
    [InlineData(75, "Zwords")]
    [InlineData(112, "ZInternal qmail-lspawn bug.\n")]
    [InlineData(113, "ZNot allowed to perform deliveries as root.\n")]
    [InlineData(115, "ZNFS failure in qmail-local.\n")]
    [InlineData(116, "ZUnable to find alias user!\n")]
    [InlineData(117, "ZTrouble reading users/cdb in qmail-lspawn.\n")]
    [InlineData(118, "ZTemporary failure in qmail-lspawn.\n")]
    [InlineData(119, "ZOut of memory in qmail-lspawn.\n")]
    [InlineData(120, "ZUnable to run qmail-local.\n")]
    [InlineData(121, "ZUnable to run qmail-getpw.\n")]
    [InlineData(126, "DUnable to run qmail-local.\n")]
    public void Exit_codes_become_reports(int code, string report) =>
        Assert.Equal(report, Show(DeliveryResult.Of(code, "words\0unseen"u8)));

    [Fact]
    public void Long_words_are_cut()
    {
        byte[] text = new byte[DeliveryResult.ReportBytesMax];
        Array.Fill(text, (byte)'x');
        Assert.Equal(1 + text.Length, Show(DeliveryResult.Of(0, text)).Length);
        string cut = Show(DeliveryResult.Of(0, [.. text, (byte)'x']));
        Assert.EndsWith("x\nError report too long, sorry.\n", cut);
        Assert.True(cut.Length <= DeliveryResult.ReportBytesMax);
    }

    [Theory]
    [InlineData(3, true, "a@b", "ZInternal error: delnum too big. (#4.3.5)\n")]
    [InlineData(1, true, "a@b", "ZInternal error: delnum in use. (#4.3.5)\n")]
    [InlineData(0, false, "a@b", "DInternal error: messid has nonnumerics. (#5.3.5)\n")]
    [InlineData(0, true, "ab", "DSorry, address must include host name. (#5.1.3)\n")]
    [InlineData(0, true, "", "DSorry, address must include host name. (#5.1.3)\n")]
    [InlineData(0, true, "a@b", null)]
    [InlineData(0, true, "@", null)]
    public void Orders_are_checked(byte slot, bool numbered, string recipient, string? report)
    {
        DeliveryCommand command =
            new(slot, numbered ? 8ul : null, [], [ByteText.ToBytes(recipient)]);
        Outcome? refused = CommandCheck.Check(command, [false, true, false]);
        Assert.Equal(report, refused is { } outcome ? Show(outcome) : null);
    }

    [Theory]
    [InlineData(0x8000, 5, null)]
    [InlineData(0x8000, 6, "ZSorry, message has wrong owner. (#4.3.5)\n")]
    [InlineData(0x4000, 5, "ZSorry, message has wrong type. (#4.3.5)\n")]
    public void The_queues_files_are_checked(int mode, uint uid, string? report)
    {
        FileStatus status = new(mode, uid, 0, 0, 0, default, default);
        Outcome? refused = CommandCheck.Check(status, queueUid: 5);
        Assert.Equal(report, refused is { } outcome ? Show(outcome) : null);
    }

    // As a qmail-newu of another make would write it.
    private static byte[] Record(string line)
    {
        CdbWriter cdb = new();
        string[] parts = line.Split(':');
        cdb.Add(ByteText.ToBytes($"!{parts[0][1..]}\0"),
            ByteText.ToBytes(string.Join('\0', parts[1..^1])));
        cdb.Add([], []);
        return cdb.ToArray();
    }

    private static byte[]? Compile(string assign) =>
        AssignCompiler.Compile(Encoding.Latin1.GetBytes(assign));

    private static string? Show(LookupResult found) =>
        found.User is { } u
            ? $"{ByteText.ToText(u.Name)} {u.Uid} {u.Gid} {ByteText.ToText(u.Home)} "
                + $"{ByteText.ToText(u.Dash)} {ByteText.ToText(u.Ext)}"
            : null;

    private static string Show(Outcome outcome) =>
        (char)outcome.Letter + ByteText.ToText(outcome.Text.Span);

    private UnixUser? Passwd(string name)
    {
        // Root's own tests own their directories too, so a user here is whoever owns this one.
        uint owner = Fd.TryStatus(Fd.PathBytes(_homes), out _)!.Value.Uid;
        return name switch
        {
            "root" => new UnixUser(name, 0, 0, _homes, ""),
            "stolen" => new UnixUser(name, owner + 1, 1, _homes, ""),
            "homeless" => new UnixUser(name, 77, 1, _homes + "/none", ""),
            "alias" => new UnixUser(name, 78, 1, "/alias", ""),
            "joe" or "joe-ann" or "a234567890123456789012345678901"
                or "a2345678901234567890123456789012" when owner != 0 =>
                new UnixUser(name, owner, 1, _homes, ""),
            "joe" or "joe-ann" or "a234567890123456789012345678901"
                or "a2345678901234567890123456789012" =>
                new UnixUser(name, Given(name), 1, $"{_homes}/{name}", ""),
            _ => null,
        };
    }

    private uint Given(string name)
    {
        const uint someone = 65534;
        string home = $"{_homes}/{name}";
        Directory.CreateDirectory(home);
        Paths.ChangeOwner(home, someone, someone);
        return someone;
    }
}
