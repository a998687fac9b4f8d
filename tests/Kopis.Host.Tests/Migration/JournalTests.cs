using Kopis.Base;
using Kopis.Host.Migration;
using Kopis.Posix;

namespace Kopis.Host.Tests.Migration;

public sealed class JournalTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-").FullName;

    public JournalTests()
    {
        Directory.CreateDirectory(In("control"));
        File.WriteAllText(In("control/locals"), "old\n");
        File.WriteAllText(In("control/same"), "same\n");
        File.SetUnixFileMode(In("control/locals"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void Undo_brings_back_content_mode_and_time()
    {
        DateTime time = File.GetLastWriteTimeUtc(In("control/locals"));
        MigrationJournal journal = Begin();
        Change();
        journal.Finish();
        Assert.Equal("restored 2 files\n", new MigrationJournal(_home).Undo());
        RequireOld();
        Assert.Equal(time, File.GetLastWriteTimeUtc(In("control/locals")));
        Assert.Throws<ConfigurationException>(() => new MigrationJournal(_home).Undo());
    }

    [Fact]
    public void A_run_that_was_cut_short_can_be_undone()
    {
        Begin();
        Change();
        new MigrationJournal(_home).Undo();
        RequireOld();
    }

    [Fact]
    public void An_undo_that_was_cut_short_goes_on()
    {
        MigrationJournal journal = Begin();
        Change();
        journal.Finish();
        File.Move(In("migration/b1"), In("control/locals"), overwrite: true);
        File.Delete(In("control/new"));
        new MigrationJournal(_home).Undo();
        RequireOld();
    }

    [Fact]
    public void A_file_that_changed_since_is_named_and_nothing_is_done()
    {
        MigrationJournal journal = Begin();
        Change();
        journal.Finish();
        File.AppendAllText(In("control/new"), "more\n");
        ConfigurationException refused =
            Assert.Throws<ConfigurationException>(() => new MigrationJournal(_home).Undo());
        Assert.Equal("changed since: control/new", refused.Message);
        Assert.Equal("new\n", File.ReadAllText(In("control/locals")));
    }

    [Fact]
    public void A_second_migration_is_refused_until_the_first_is_accepted()
    {
        Begin().Finish();
        Assert.Throws<ConfigurationException>(() => Begin());
        new MigrationJournal(_home).Accept();
        Begin();
    }

    [Fact]
    public void A_directory_that_got_mail_stays()
    {
        MigrationJournal journal = new(_home);
        journal.Begin([], ["users", "users/mail"]);
        Directory.CreateDirectory(In("users/mail"));
        journal.Finish();
        File.WriteAllText(In("users/mail/message"), "mail");
        Assert.Contains("users/mail stays: it is not empty", new MigrationJournal(_home).Undo());
        Assert.True(File.Exists(In("users/mail/message")));
    }

    [Fact]
    public void Mail_that_counts_in_a_quota_does_not_keep_it_from_undo()
    {
        const string name = "users/mail/d/u/Maildir/maildirsize";
        MigrationJournal journal = new(_home);
        journal.Begin([name], []);
        Directory.CreateDirectory(Path.GetDirectoryName(In(name))!);
        File.WriteAllText(In(name), "1000S\n0 0\n");
        journal.Finish();
        File.AppendAllText(In(name), "200 1\n");
        new MigrationJournal(_home).Undo();
        Assert.False(File.Exists(In(name)));

        journal = new(_home);
        journal.Begin([name], []);
        File.WriteAllText(In(name), "1000S\n0 0\n");
        journal.Finish();
        File.WriteAllText(In(name), "2000S\n200 1\n");
        Assert.Equal($"changed since: {name}", Assert.Throws<ConfigurationException>(
            () => new MigrationJournal(_home).Undo()).Message);
    }

    [Fact]
    public void No_link_leads_an_undo_out_of_the_home()
    {
        const string name = "users/mail/d/u/.qmail";
        string outside = Directory.CreateDirectory(In("outside")).FullName;
        string user = Directory.CreateDirectory(In("users/mail/d/u")).FullName;
        File.WriteAllText(In(name), "old\n");
        MigrationJournal journal = new(_home);
        journal.Begin([name], []);
        File.Delete(In(name));
        File.WriteAllText(In(name), "new\n");
        Directory.Move(user, In("users/mail/d/aside"));
        Directory.CreateSymbolicLink(user, outside);
        File.WriteAllText(Path.Combine(outside, ".qmail"), "another's\n");
        Assert.Throws<PosixException>(() => new MigrationJournal(_home).Undo());
        Assert.Equal("another's\n", File.ReadAllText(Path.Combine(outside, ".qmail")));
        Directory.Delete(In("migration"), recursive: true);
        Assert.Throws<ConfigurationException>(
            () => new MigrationJournal(_home).Begin([name], []));
    }

    [Theory]
    [InlineData("../../etc/passwd\tb1\tmissing")]
    [InlineData("/etc/passwd\tb1\tmissing")]
    [InlineData("control/x\t../b\tmissing")]
    [InlineData("control/x")]
    public void A_journal_leads_nowhere_else(string line) => Assert.Null(JournalEntry.Parse(line));

    private MigrationJournal Begin()
    {
        MigrationJournal journal = new(_home);
        journal.Begin(["control/new", "control/locals", "control/same"], []);
        return journal;
    }

    private void Change()
    {
        File.WriteAllText(In("control/new"), "new\n");
        File.WriteAllText(In("control/x"), "new\n");
        File.Move(In("control/x"), In("control/locals"), overwrite: true);
    }

    private void RequireOld()
    {
        Assert.Equal("old\n", File.ReadAllText(In("control/locals")));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(In("control/locals")));
        Assert.Equal("same\n", File.ReadAllText(In("control/same")));
        Assert.False(Path.Exists(In("control/new")));
        Assert.False(Path.Exists(In("migration")));
    }

    private string In(string name) => Path.Combine(_home, name);
}
