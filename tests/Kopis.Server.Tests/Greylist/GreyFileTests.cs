using Kopis.Posix;
using Kopis.Server.Greylist;

namespace Kopis.Server.Tests.Greylist;

/// <summary>What the disk keeps of the greylist.</summary>
public sealed class GreyFileTests : IDisposable
{
    private const uint Now = 1_800_000_000;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kopis-grey");

    private string Table => Path.Combine(_directory.FullName, "table");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void What_one_appends_the_other_reads()
    {
        using GreyFile one = Open();
        using GreyFile other = Open();
        Assert.Empty(Read(other));
        one.Append([Record(1), Record(2)]);
        Assert.Equal([Record(1), Record(2)], Read(other));
        other.Append([Record(3)]);
        Assert.Equal([Record(3)], Read(other));
        Assert.Equal(3, Read(one).Length);
        Assert.Empty(Read(one));
    }

    [Fact]
    public void It_is_written_anew_and_others_notice()
    {
        using GreyFile one = Open();
        using GreyFile other = Open();
        one.Append([.. Enumerable.Range(1, 1000).Select(Record)]);
        Assert.Equal(1000, Read(other).Length);
        one.Compact([Record(7)]);
        Assert.Equal(GreyRecord.Bytes, new FileInfo(Table).Length);
        Assert.Equal([Record(7)], Read(other));
        other.Append([Record(8)]);
        Assert.Equal([Record(7), Record(8)], Read(one));
    }

    [Fact]
    public void It_is_time_for_that_before_it_is_large()
    {
        using GreyFile one = Open();
        GreyRecord[] some = [.. Enumerable.Range(1, 1000).Select(Record)];
        bool isTime = false;
        int rounds = 0;
        while (!isTime)
        {
            isTime = one.Append(some);
            rounds++;
        }

        Assert.InRange(new FileInfo(Table).Length, GreyFile.CompactBytes, GreyFile.BytesMax);
        Assert.Equal(rounds * 1000, Read(one).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(GreyRecord.Bytes - 1)]
    [InlineData(70_000)]
    public void A_torn_end_and_garbage_are_passed_over(int bytes)
    {
        byte[] garbage = new byte[bytes];
        new Random(1).NextBytes(garbage);
        File.WriteAllBytes(Table, [.. GreyTableTests.Form([Record(1)]), .. garbage]);
        using GreyFile one = Open();
        Assert.Equal([Record(1)], Read(one));
        one.Append([Record(2)]);
        Assert.Equal([Record(2)], Read(one));
    }

    [Fact]
    public void A_huge_file_is_read_from_its_end()
    {
        using (FileStream large = new(Table, FileMode.Create))
        {
            large.SetLength(10L * 1024 * 1024 * 1024); // A hole.
            large.Seek(0, SeekOrigin.End);
            large.Write(GreyTableTests.Form([Record(1)]));
        }

        using GreyFile one = Open();
        Assert.Equal([Record(1)], Read(one));
    }

    [Fact]
    public void What_is_no_file_of_ours_is_an_error()
    {
        File.CreateSymbolicLink(Table, "/etc/passwd");
        using GreyFile one = Open();
        Assert.Throws<PosixException>(() => Read(one));
        File.Delete(Table);
        Directory.CreateDirectory(Table);
        Assert.Throws<PosixException>(() => Read(one));
        using GreyFile none = new(Path.Combine(_directory.FullName, "none"));
        Assert.Throws<PosixException>(() => Read(none));
    }

    private GreyFile Open() => new(_directory.FullName);

    private static GreyRecord[] Read(GreyFile file)
    {
        List<GreyRecord> records = [];
        file.Read(records.Add);
        return [.. records];
    }

    private static GreyRecord Record(int number) =>
        new(GreyKind.Known, (UInt128)number, 0, Now);
}
