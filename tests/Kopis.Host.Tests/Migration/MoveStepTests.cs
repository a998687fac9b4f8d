using Kopis.Host.Install;
using Kopis.Host.Migration.Steps;
using Kopis.Host.Run;

namespace Kopis.Host.Tests.Migration;

/// <summary>What the steps of a move come to, before a host is touched.</summary>
public sealed class MoveStepTests
{
    [Fact]
    public void Each_unit_is_enabled_as_it_is_started_and_the_old_server_stops_first()
    {
        List<string> lines =
            [.. MoveStep.Of(5, MailListener.All, []).Actions.Select(action => action.ToString())];
        int started = lines.FindIndex(line => line.StartsWith("start ", StringComparison.Ordinal));
        Assert.True(lines.IndexOf("stop postfix.service") < started);
        Assert.True(lines.IndexOf("stop kopis-trial-smtp.service") < started);
        foreach (MailListener listener in MailListener.All)
        {
            int at = lines.IndexOf($"start {listener.Unit}");
            Assert.True(at > started);
            Assert.Equal($"enable {listener.Unit}", lines[at + 1]);
        }
    }

    [Fact]
    public void A_listener_whose_port_is_anothers_is_left_alone()
    {
        MailListener smtp = MailListener.All.First(one => one.Name == "smtp");
        MoveStep step = MoveStep.Of(5, [smtp], ["kopis-doctor.timer"]);
        Assert.Contains(new StepAction(StepKind.Start, smtp.Unit), step.Actions);
        Assert.DoesNotContain(step.Actions, action => action.Name == "kopis-pop3.service");
        Assert.Equal(
            ["start kopis-doctor.timer", "enable kopis-doctor.timer"],
            step.Actions.TakeLast(2).Select(action => action.ToString()));
    }

    [Theory]
    [InlineData("smtp", 10025)]
    [InlineData("pop3", 10110)]
    public void A_trial_is_the_listeners_unit_at_another_port_whatever_the_settings_say(
        string name, int port)
    {
        MailListener listener = MailListener.All.First(one => one.Name == name);
        string text = UnitFiles.TrialText(UnitFiles.TrialName(listener), 10000, "/var/qmail");
        string start = text.Split('\n').Single(
            line => line.StartsWith("ExecStart=", StringComparison.Ordinal));
        string upper = name.ToUpperInvariant();
        Assert.Contains($" ${{KOPIS_{upper}_ADDRESS}} {port} ", start, StringComparison.Ordinal);
        Assert.DoesNotContain($"KOPIS_{upper}_PORT", start, StringComparison.Ordinal);
        Assert.Contains("/var/qmail/bin/tcpserver", start, StringComparison.Ordinal);
    }

    [Fact]
    public void The_keeper_of_the_certificate_is_started_where_it_has_its_setting()
    {
        DirectoryInfo home = Directory.CreateTempSubdirectory("kopis-move");
        try
        {
            const string keeper = "kopis-acme.service";
            Assert.DoesNotContain(keeper, UnitFiles.BesideIn(home.FullName));
            Assert.Contains("kopis-doctor.timer", UnitFiles.BesideIn(home.FullName));
            home.CreateSubdirectory("control");
            File.WriteAllText(Path.Combine(home.FullName, "control/acme"), "");
            Assert.Contains(keeper, UnitFiles.BesideIn(home.FullName));
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public void Every_timer_is_started_beside_what_serves()
    {
        string[] timers = [.. typeof(UnitFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".timer", StringComparison.Ordinal))];
        Assert.NotEmpty(timers);
        Assert.Equal(
            timers.Order(), UnitFiles.Beside.Where(name => timers.Contains(name)).Order());
    }
}
