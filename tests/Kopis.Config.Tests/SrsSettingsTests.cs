using Kopis.Base;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class SrsSettingsTests : IDisposable
{
    private const string Secret = "0123456789abcdef";
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-srs");
    private readonly ControlDirectory _control;

    public SrsSettingsTests()
    {
        _home.CreateSubdirectory("control");
        Directory.CreateDirectory(
            In("srs"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _control = new ControlDirectory(In("control"));
        Write("control/srsdomain", "SRS.example\n");
        Keep($"# two\n{Secret}\n\nfedcba9876543210\n");
    }

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public void All_of_it_is_read()
    {
        SrsSettings settings = Read();
        Assert.Equal("srs.example"u8, settings.Domain);
        Assert.Equal(21, settings.DaysMax);
        Assert.Equal("", settings.Fault);
        Assert.Equal(
            [Secret, "fedcba9876543210"], settings.Secrets.Select(one => ByteText.ToText(one)));
        Write("control/srsmaxage", "7\n");
        Assert.Equal(7, Read().DaysMax);
    }

    [Theory, InlineData(null), InlineData(""), InlineData("\n")]
    public void Without_a_domain_nothing_is_looked_at(string? line)
    {
        File.Delete(In("control/srsdomain"));
        if (line is not null)
        {
            Write("control/srsdomain", line);
        }

        File.Delete(In("srs/secrets"));
        Assert.Null(SrsSettings.Read(_control));
        Assert.Null(SrsSettings.ReadDomain(_control));
    }

    [Theory, InlineData("a b"), InlineData("x@srs.example"), InlineData("a=b.example"),
        InlineData("srs..example"), InlineData("[192.0.2.1]")]
    public void What_is_no_domain_is_an_error(string line)
    {
        Write("control/srsdomain", line);
        Assert.Throws<ConfigurationException>(() => SrsSettings.Read(_control));
    }

    [Theory, InlineData(UnixFileMode.GroupRead), InlineData(UnixFileMode.OtherRead),
        InlineData(UnixFileMode.OtherWrite)]
    public void Secrets_that_others_have_rights_to_are_not_used(UnixFileMode more)
    {
        File.SetUnixFileMode(In("srs/secrets"), UnixFileMode.UserRead | more);
        Assert.EndsWith("srs/secrets: other users have rights to it", Fault());
    }

    [Fact]
    public void Nor_those_in_a_directory_that_others_may_write_to()
    {
        File.SetUnixFileMode(In("srs"), (UnixFileMode)0x1FF);
        Assert.EndsWith("secrets: other users may write to its directory", Fault());
    }

    [Fact]
    public void Nor_what_a_link_leads_to()
    {
        File.Move(In("srs/secrets"), In("elsewhere"));
        File.CreateSymbolicLink(In("srs/secrets"), In("elsewhere"));
        Assert.NotEqual("", Fault());
        Directory.Move(In("srs"), In("other"));
        Directory.CreateSymbolicLink(In("srs"), In("other"));
        Assert.NotEqual("", Fault());
    }

    [Fact]
    public void A_file_that_is_not_there_names_what_makes_it()
    {
        File.Delete(In("srs/secrets"));
        Assert.EndsWith("srs/secrets: no such file: kopis srs new makes it", Fault());
        Directory.Delete(In("srs"));
        Assert.EndsWith("srs/secrets: no such file: kopis srs new makes it", Fault());
    }

    [Theory]
    [InlineData("", "no secret")]
    [InlineData("# none\n", "no secret")]
    [InlineData("0123456789abcde\n", "line 1")]
    [InlineData(Secret + "\n" + Secret + " \n", "line 2")]
    [InlineData(Secret + "\r\n", "line 1")]
    public void A_file_that_is_wrong_does_not_show_its_secrets(string content, string fault)
    {
        Keep(content);
        Assert.Contains($"srs/secrets: {fault}", Fault(), StringComparison.Ordinal);
        Assert.DoesNotContain("0123", Fault(), StringComparison.Ordinal);
        Assert.Empty(Read().Secrets);
    }

    [Fact]
    public void Too_much_is_refused()
    {
        Keep(string.Concat(Enumerable.Repeat(Secret + "\n", 9)));
        Assert.EndsWith("over 8 secrets", Fault());
        Keep(new string('x', 129));
        Assert.Contains("line 1 is not 16 to 128", Fault(), StringComparison.Ordinal);
        Keep(new string('#', 5000));
        Assert.NotEqual("", Fault());
    }

    [Fact]
    public void A_new_secret_goes_before_those_that_fit()
    {
        IReadOnlyList<byte[]> secrets = [];
        for (int i = 1; i <= 10; i++)
        {
            IReadOnlyList<byte[]> next =
                SrsSecrets.TryParse(SrsSecrets.WithNew(secrets), out string fault)!;
            Assert.Equal("", fault);
            Assert.Equal(Math.Min(i, SrsSecrets.CountMax), next.Count);
            Assert.Equal(secrets.Take(next.Count - 1), next.Skip(1));
            Assert.DoesNotContain(next[0], secrets);
            Assert.Equal(64, next[0].Length);
            secrets = next;
        }
    }

    private SrsSettings Read() => SrsSettings.Read(_control)!;

    private string Fault()
    {
        Assert.Empty(Read().Secrets);
        return Read().Fault;
    }

    private void Keep(string content)
    {
        File.Delete(In("srs/secrets"));
        Write("srs/secrets", content);
        File.SetUnixFileMode(In("srs/secrets"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private void Write(string name, string content) => File.WriteAllText(In(name), content);

    private string In(string name) => Path.Combine(_home.FullName, name);
}
