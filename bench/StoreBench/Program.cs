using System.Diagnostics;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;
using Microsoft.Data.Sqlite;

// Two ways to keep queue records durable, side by side in one run: a plain framed log with
// fdatasync, and SQLite (WAL, synchronous=FULL). `dotnet run -c Release --project bench/StoreBench`
// prints the table of docs/decisions/queue-store.md. Interleaved rounds; medians of 5.
const int Rounds = 5;
DirectoryInfo directory = Directory.CreateTempSubdirectory("kopis-store");
Console.WriteLine("| record | batch | log wall µs | log cpu µs | SQLite wall µs | SQLite cpu µs |");
Console.WriteLine("|---|---|---|---|---|---|");
foreach ((string name, int bytes) in new[] { ("message, 4 KiB", 4096), ("mark, 24 bytes", 24) })
{
    foreach (int batch in new[] { 1, 10, 100 })
    {
        int count = batch == 1 ? 500 : 50 * batch;
        List<Cost> log = [];
        List<Cost> sqlite = [];
        for (int round = 0; round < Rounds; round++)
        {
            string path = Path.Combine(directory.FullName, $"{bytes}-{batch}-{round}");
            log.Add(Cost.Of(count, () => WriteLog(path + ".log", bytes, batch, count)));
            sqlite.Add(Cost.Of(count, () => WriteSqlite(path + ".db", bytes, batch, count)));
        }

        Console.WriteLine($"| {name} | {batch} | {Cost.Median(log)} | {Cost.Median(sqlite)} |");
    }
}

directory.Delete(recursive: true);

static void WriteLog(string path, int bytes, int batch, int count)
{
    int fd = Fd.Open(path, OpenFlags.WriteOnly | OpenFlags.Create);
    byte[] record = new byte[bytes];
    byte[] buffer = new byte[(bytes + 16) * batch];
    long end = 0;
    for (int done = 0; done < count; done += batch)
    {
        for (int i = 0; i < batch; i++)
        {
            Span<byte> frame = buffer.AsSpan(i * (bytes + 16), bytes + 16);
            BitConverter.TryWriteBytes(frame, Crc32C.Of(record));
            record.CopyTo(frame[16..]);
        }

        Fd.WriteAt(fd, buffer, end);
        end += buffer.Length;
        Fd.SyncData(fd);
    }

    Fd.Close(fd);
}

static void WriteSqlite(string path, int bytes, int batch, int count)
{
    using SqliteConnection connection = new($"Data Source={path};Pooling=False");
    connection.Open();
    Execute(connection, "PRAGMA journal_mode=WAL");
    Execute(connection, "PRAGMA synchronous=FULL");
    Execute(connection, "CREATE TABLE record (number INTEGER PRIMARY KEY, body BLOB)");
    using SqliteCommand insert = connection.CreateCommand();
    insert.CommandText = "INSERT INTO record (body) VALUES ($body)";
    SqliteParameter body = insert.Parameters.Add("$body", SqliteType.Blob);
    body.Value = new byte[bytes];
    for (int done = 0; done < count; done += batch)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        insert.Transaction = transaction;
        for (int i = 0; i < batch; i++)
        {
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}

static void Execute(SqliteConnection connection, string sql)
{
    using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are the constants above.
    command.CommandText = sql;
#pragma warning restore CA2100
    command.ExecuteNonQuery();
}

/// <summary>Microseconds a record: on the clock, and of this process's CPU.</summary>
internal readonly record struct Cost(double Wall, double Cpu)
{
    internal static Cost Of(int count, Action work)
    {
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        work();
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        return new Cost(wall.TotalMicroseconds / count, cpu.TotalMicroseconds / count);
    }

    internal static string Median(List<Cost> costs) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Middle(costs.Select(c => c.Wall)):F1} | {Middle(costs.Select(c => c.Cpu)):F1}");

    private static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

}
