using System.Diagnostics;

namespace Kopis.Base.Tests;

/// <summary>The walks of docs/walks lead through the source as it is; docs/walk knows.</summary>
public sealed class WalkTests
{
    private static readonly string Root = Repository.Root;

    [Fact]
    public void Every_step_of_the_walks_is_there_and_called()
    {
        (int exit, string said) = Walk();
        Assert.True(exit == 0, said);
        foreach (string walk in (string[])["address", "body", "control-value"])
        {
            Assert.Matches($@"(?m)^{walk}: \d+ steps through \d+ functions", said);
        }
    }

    [Theory]
    [InlineData("src/Kopis.Net/LinePump.cs: RunAsync\n src/Kopis.Net/LinePump.cs: NotThere")]
    [InlineData("src/Kopis.Net/LinePump.cs: RunAsync\n src/Kopis.Net/NotThere.cs: RunAsync")]
    [InlineData("src/Kopis.Net/LinePump.cs: EndAsync\n src/Kopis.Net/LinePump.cs: HandleCopy")]
    [InlineData("src/Kopis.Net/LinePump.cs: RunAsync\nsrc/Kopis.Net/LinePump.cs: EndAsync")]
    [InlineData("src/Kopis.Net/LinePump.cs: RunAsync\n  src/Kopis.Net/LinePump.cs: EndAsync")]
    [InlineData("src/Kopis.Net/LinePump.cs RunAsync")]
    public void A_step_that_is_wrong_is_told(string steps)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, $"-- tcpserver --\n{steps}\n");
            (int exit, string said) = Walk(file);
            Assert.True(exit == 1, said);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static (int Exit, string Said) Walk(params string[] walks)
    {
        ProcessStartInfo start = new("python3", [Path.Combine(Root, "docs/walk"), .. walks])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> faults = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd() + faults.GetAwaiter().GetResult();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}
