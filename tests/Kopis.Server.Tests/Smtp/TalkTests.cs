namespace Kopis.Server.Tests.Smtp;

public class TalkTests
{
    public static TheoryData<string, int> Transcripts()
    {
        TheoryData<string, int> rows = [];
        foreach (string file in Directory.GetFiles(
            Path.Combine(AppContext.BaseDirectory, "Smtp/talk"), "*.talk").Order())
        {
            foreach (int cut in (int[])[1, 3, int.MaxValue])
            {
                rows.Add(Path.GetFileName(file), cut);
            }
        }

        return rows;
    }

    [Theory, MemberData(nameof(Transcripts))]
    public async Task Plays(string file, int cut)
    {
        string text = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "Smtp/talk", file));
        (int exit, _) = await SmtpTalk.Play(cut, text);
        Assert.Equal(0, exit);
    }
}
