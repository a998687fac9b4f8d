using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class ControlProblemsTests : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-problems");
    private readonly string _control;

    public ControlProblemsTests() =>
        _control = _home.CreateSubdirectory("control").FullName;

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public void A_reader_comes_past_each_file_that_is_wrong()
    {
        Write("proxyclients", "nonsense\n");
        Write("xclients", "# no\n10.1\n");
        Write("maxrcpt", "many\n");
        ControlProblems found = new(_control);
        found.ReadAs(control =>
        {
            _ = NetworkList.Load(control, ListenerFiles.ProxyClients);
            _ = NetworkList.Load(control, SmtpFiles.XClients);
            _ = control.ReadInt(SmtpFiles.MaxRcpt);
            return ["control/tlspolicy: a line is wrong"];
        });
        Assert.Equal(
            [
                "control/maxrcpt: \"many\" is not a whole number from 1 to 40000",
                "control/proxyclients: line 1: \"nonsense\" is not an address or a network"
                    + "; ignored",
                "control/tlspolicy: a line is wrong",
                "control/xclients: line 2: \"10.1\" is not an address or a network; ignored",
            ],
            found.All);
        Assert.Single(found.Of(SmtpFiles.MaxRcpt));
        Assert.Empty(found.Of(SmtpFiles.MaxRcptRelay));
    }

    [Fact]
    public void What_two_readers_find_is_said_once()
    {
        Write("maxrcpt", "0\n");
        ControlProblems found = new(_control);
        found.Read(SmtpFiles.MaxRcpt);
        for (int i = 0; i < 2; i++)
        {
            found.ReadAs(control => [$"{control.ReadInt(SmtpFiles.MaxRcpt)}"]);
        }

        Assert.Single(found.Of(SmtpFiles.MaxRcpt));
    }

    /// <summary>A reader that says the same of a file that it does not see would be asked without
    /// end.</summary>
    [Fact]
    public void A_reader_that_cannot_be_satisfied_is_left()
    {
        Write("oauthissuer", "x\n");
        ControlProblems found = new(_control);
        int asked = 0;
        found.ReadAs(control =>
        {
            asked++;
            throw control.Bad(LoginFiles.OAuthKeys, "must be there");
        });
        found.ReadAs(_ => throw new ConfigurationException("nothing works"));
        Assert.Equal(2, asked);
        Assert.Equal(["control/oauthkeys: must be there", "nothing works"], found.All);
    }

    [Fact]
    public void As_if_a_file_had_another_content_or_were_not_there()
    {
        Write("maxrcpt", "many\n");
        foreach ((byte[]? content, int faults) in new (byte[]?, int)[]
        {
            ("7\n"u8.ToArray(), 0), (null, 0), ("0\n"u8.ToArray(), 1),
        })
        {
            ControlProblems found = new(_control, SmtpFiles.MaxRcpt, content);
            found.Read(SmtpFiles.MaxRcpt);
            found.ReadAs(control => [.. Faults(control.ReadInt(SmtpFiles.MaxRcpt))]);
            Assert.Equal(faults, found.All.Count());
        }

        Assert.Equal("many\n", File.ReadAllText(Path.Combine(_control, "maxrcpt")));
    }

    [Fact]
    public void What_stops_a_program_is_told_from_what_it_warns_of()
    {
        Write("concurrencyremote", "100000\n");
        Write("maxrcpt", "0\n");
        ControlProblems found = new(_control) { IsOfStops = true };
        found.Read(SendFiles.ConcurrencyRemote);
        found.Read(SmtpFiles.MaxRcpt);
        found.ReadAs(_ => ["control/tlspolicy: a line is wrong"]);
        Assert.Equal(
            ["control/maxrcpt: \"0\" is not a whole number from 1 to 40000"], found.All);
    }

    private static IEnumerable<string> Faults(int recipients) =>
        recipients > 0 ? [] : ["control/maxrcpt: none"];

    [Theory]
    [InlineData("databytes"), InlineData("me"), InlineData("locals"), InlineData("oauthkeys")]
    [InlineData("morercpthosts.cdb")]
    public void What_cannot_be_read_is_wrong_whatever_its_kind(string name)
    {
        Directory.CreateDirectory(Path.Combine(_control, name));
        ControlProblems found = new(_control);
        found.Read(ControlCatalog.Find(name)!);
        Assert.StartsWith($"control/{name}: ", Assert.Single(found.All), StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_that_is_damaged_is_wrong_and_a_number_too_large_a_warning()
    {
        Write("morercpthosts.cdb", "x");
        Write("concurrencylocal", "1000\n");
        ControlProblems found = new(_control);
        found.Read(SmtpFiles.MoreRcptHostsCdb);
        found.Read(SendFiles.ConcurrencyLocal);
        Assert.Equal(
            [
                "control/concurrencylocal: 1000 is too large, 255 is used",
                "control/morercpthosts.cdb: damaged cdb",
            ],
            found.All);
    }

    private void Write(string name, string content) =>
        File.WriteAllText(Path.Combine(_control, name), content);
}
