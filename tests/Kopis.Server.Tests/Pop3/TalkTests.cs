namespace Kopis.Server.Tests.Pop3;

public class TalkTests
{
    public static TheoryData<string, int> Transcripts()
    {
        TheoryData<string, int> rows = [];
        foreach (string file in Directory.GetFiles(
            Path.Combine(AppContext.BaseDirectory, "Pop3/talk"), "*.talk").Order())
        {
            foreach (int cut in (int[])[1, 3, int.MaxValue])
            {
                rows.Add(Path.GetFileName(file), cut);
            }
        }

        return rows;
    }

    // 1 is qmail-popup's exit code, whatever came of the session (contract §13, 26).
    [Theory, MemberData(nameof(Transcripts))]
    public async Task Plays(string file, int cut) =>
        Assert.Equal(1, await Pop3Talk.Play(cut, await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "Pop3/talk", file))));
}
