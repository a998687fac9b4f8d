using System.Text;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Users.Tests;

/// <summary>Root's word about users: what a liar in qmail-getpw's place cannot have.</summary>
public sealed class PasswdFileTests : IDisposable
{
    private const string Users = """
        root:x:0:0:root:/root:/bin/sh
        daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
        games:x:5:60::/usr/games:/usr/sbin/nologin
        alias:x:61003:61100::/var/qmail/alias:/bin/sh
        qmailp:x:61004:61100::/:/bin/sh
        qmailq:x:61005:61101::/:/bin/sh
        joe:x:61001:61001:Joe:/home/joe:/bin/sh
        bob:x:61002:61002::/home/bob:/bin/sh
        bob:x:61012:61012::/home/bob2:/bin/sh
        twin:x:61004:61004::/home/twin:/bin/sh
        short:x:1
        bad:x:many:61001::/home/bad:/bin/sh
        +nis::::::
        """;

    private const string Groups = "root:x:0:\nshadow:x:42:\nusers:x:100:\nwheel:x:61200:joe\n";

    private readonly string _directory = Directory.CreateTempSubdirectory("kopis").FullName;
    private readonly PasswdFile _file;

    public PasswdFileTests()
    {
        File.WriteAllText(Path.Combine(_directory, "passwd"), Users + "\n");
        File.WriteAllText(Path.Combine(_directory, "group"), Groups);
        _file = new PasswdFile(
            Path.Combine(_directory, "passwd"), Path.Combine(_directory, "group"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("joe", 61001, 61001, "/home/joe")]
    [InlineData("bob", 61002, 61002, "/home/bob")]
    [InlineData("alias", 61003, 61100, "/var/qmail/alias")]
    [InlineData("games", 5, 60, "/usr/games")] // A system's user, as in the file.
    [InlineData("ldap", 70001, 70001, "/home/ldap")] // Only the name service knows him.
    [InlineData("ldap", 70001, 100, "/home/ldap")] // The common group of people.
    public void Confirms(string name, uint uid, uint gid, string home) =>
        Assert.True(Says(name, uid, gid, home));

    [Theory]
    [InlineData("root", 0, 0, "/root")]
    [InlineData("bob", 0, 61002, "/home/bob")]
    [InlineData("bob", 61002, 0, "/home/bob")]
    [InlineData("bob", 4294967295, 61002, "/home/bob")]
    [InlineData("bob", 61002, 4294967295, "/home/bob")]
    [InlineData("ldap", 4294967295, 70001, "/home/ldap")]
    [InlineData("ldap", 70001, 4294967295, "/home/ldap")]
    [InlineData("bob", 61001, 61001, "/home/joe")] // Joe's, under bob's name.
    [InlineData("bob", 61001, 61002, "/home/bob")]
    [InlineData("bob", 61002, 61001, "/home/bob")]
    [InlineData("bob", 61002, 61002, "/home/joe")]
    [InlineData("bob", 61002, 61002, "/home/bob/")]
    [InlineData("bob", 61012, 61012, "/home/bob2")] // Not the first of that name.
    [InlineData("bob", 61003, 61100, "/home/bob")] // Alias's uid.
    [InlineData("alias", 61005, 61101, "/var/qmail/alias")]
    [InlineData("qmailq", 61005, 61101, "/")] // As in the file, but a user of Kopis.
    [InlineData("qmailp", 61004, 61100, "/")]
    [InlineData("twin", 61004, 61004, "/home/twin")] // Shares qmailp's uid.
    [InlineData("nobody-here", 61005, 61101, "/")]
    [InlineData("nobody-here", 61001, 70001, "/home/joe")]
    [InlineData("daemon", 1, 2, "/usr/sbin")]
    [InlineData("ldap", 999, 70001, "/home/ldap")] // A system's number that is in no file.
    [InlineData("ldap", 61184, 70001, "/home/ldap")] // A service's of systemd.
    [InlineData("ldap", 65534, 70001, "/home/ldap")]
    [InlineData("ldap", 70001, 65519, "/home/ldap")]
    [InlineData("ldap", 70001, 42, "/home/ldap")] // shadow
    [InlineData("ldap", 70001, 999, "/home/ldap")]
    [InlineData("ldap", 70001, 61200, "/home/ldap")] // wheel
    [InlineData("BOB", 61002, 61002, "/home/bob")]
    [InlineData("bad", 61001, 61001, "/home/bad")]
    public void Refuses(string name, uint uid, uint gid, string home) =>
        Assert.False(Says(name, uid, gid, home));

    [Fact]
    public void Reads_again_what_has_changed()
    {
        Assert.False(Says("new", 61020, 61001, "/home/new"));
        File.AppendAllText(
            Path.Combine(_directory, "passwd"), "new:x:61020:61001::/home/new:/bin/sh\n");
        Assert.True(Says("new", 61020, 61001, "/home/new"));
        Assert.True(Says("ldap", 70001, 70001, "/home/ldap"));
        File.AppendAllText(Path.Combine(_directory, "group"), "secret:x:70001:\n");
        Assert.False(Says("ldap", 70001, 70001, "/home/ldap"));
    }

    [Fact]
    public void A_file_that_is_not_there_confirms_nothing()
    {
        File.Delete(Path.Combine(_directory, "group"));
        Assert.Throws<PosixException>(() => Says("joe", 61001, 61001, "/home/joe"));
    }

    [Theory]
    [InlineData("joe", "joe", "", "", true)]
    [InlineData("JOE", "joe", "", "", true)]
    [InlineData("joe-List", "joe", "-", "List", true)]
    [InlineData("joe-", "joe", "-", "", true)]
    [InlineData("whoever", "alias", "-", "whoever", true)]
    [InlineData("alias-x", "alias", "-", "x", true)]
    [InlineData("bob", "joe", "", "", false)]
    [InlineData("bob", "joe", "-", "bob", false)]
    [InlineData("bob", "joe", "", "bob", false)]
    [InlineData("bob", "bob", "-", "bob", false)]
    [InlineData("joeb", "joe", "", "b", false)]
    [InlineData("joe+b", "joe", "+", "b", false)]
    [InlineData("bob", "alias", "-", "ann", false)]
    [InlineData("bob", "alias", "", "", false)]
    public void By_the_rules_of_getpw(
        string local, string name, string dash, string ext, bool owns)
    {
        RecipientUser user = new(
            Encoding.UTF8.GetBytes(name), 61001, 61001, "/home"u8.ToArray(),
            Encoding.UTF8.GetBytes(dash), Encoding.UTF8.GetBytes(ext));
        Assert.Equal(owns, user.Owns(Encoding.UTF8.GetBytes(local)));
    }

    private bool Says(string name, uint uid, uint gid, string home) => _file.Confirms(
        Encoding.UTF8.GetBytes(name), uid, gid, Encoding.UTF8.GetBytes(home));
}
